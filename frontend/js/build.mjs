// Bundles what the page needs from npm into dist/: classic scripts without eval, so that a strict CSP can stand.

import { copyFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { build } from "esbuild";

const here = new URL(".", import.meta.url);
const dist = new URL("dist/", here);

await mkdir(dist, { recursive: true });
await copyFile(
  createRequire(import.meta.url).resolve("plotly.js-basic-dist-min"),
  new URL("plotly.min.js", dist),
);
await build({
  absWorkingDir: here.pathname,
  bundle: true,
  entryPoints: ["editor.js"],
  format: "iife",
  globalName: "OddityEditor",
  legalComments: "eof",
  logLevel: "warning",
  minify: true,
  outfile: "dist/editor.js",
  target: "es2022",
});

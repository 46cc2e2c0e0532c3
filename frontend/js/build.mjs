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
for (const [name, globalName] of [
  ["editor", "OddityEditor"],
  ["markdown", "OddityMarkdown"],
]) {
  await build({
    absWorkingDir: here.pathname,
    bundle: true,
    entryPoints: [`${name}.js`],
    format: "iife",
    globalName,
    legalComments: "eof",
    logLevel: "warning",
    minify: true,
    outfile: `dist/${name}.js`,
    target: "es2022",
  });
}

// Trunk's last step: moves its inline loader into a file, and puts a Brotli and a gzip copy beside every text and wasm file.

import { createHash } from "node:crypto";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const dist = process.env.TRUNK_STAGING_DIR;
const base = process.env.TRUNK_PUBLIC_URL;

async function moveLoader() {
  const path = join(dist, "index.html");
  const html = await readFile(path, "utf8");
  const [inline, ...more] = [...html.matchAll(/<script type="module">([\s\S]*?)<\/script>/g)];
  if (inline === undefined || more.length > 0) throw new Error("expected one inline module in trunk's index.html");
  const code = `${inline[1].trim()}\n`;
  const hash = createHash("sha256").update(code).digest("hex").slice(0, 16);
  const name = `boot-${hash}.js`;
  await writeFile(join(dist, name), code);
  await writeFile(path, html.replace(inline[0], () => `<script type="module" src="${base}${name}"></script>`));
}

async function compress() {
  const names = await readdir(dist, { recursive: true });
  const texts = names.filter((name) => /\.(css|html|js|svg|wasm)$/.test(name));
  await Promise.all(
    texts.map(async (name) => {
      const path = join(dist, name);
      const raw = await readFile(path);
      const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length };
      await writeFile(`${path}.br`, await promisify(brotliCompress)(raw, { params }));
      await writeFile(`${path}.gz`, await promisify(gzip)(raw, { level: 9 }));
    }),
  );
}

await moveLoader();
await compress();

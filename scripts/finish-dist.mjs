// Last step of trunk's build: names the app by a hash of its content, moves trunk's inline loader into a file, and adds a Brotli
// and a gzip copy of every text and wasm file.

import { createHash } from "node:crypto";
import { readFile, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const dist = process.env.TRUNK_STAGING_DIR;
const base = process.env.TRUNK_PUBLIC_URL;

const hash = (...parts) => parts.reduce((sum, part) => sum.update(part), createHash("sha256")).digest("hex").slice(0, 16);

/** Names the app by its content. Trunk hashes the output of cargo, which does not change with wasm-bindgen or wasm-opt. */
async function nameByContent(html) {
  // Trunk writes no leading zeros.
  const [, stem, oldHash] = html.match(/([\w-]+)-([0-9a-f]{1,16})_bg\.wasm/) ?? [];
  if (stem === undefined) throw new Error("trunk's index.html names no app");
  const suffixes = [".js", "_bg.wasm"];
  const contents = await Promise.all(suffixes.map((suffix) => readFile(join(dist, `${stem}-${oldHash}${suffix}`))));
  const newHash = hash(...contents);
  for (const suffix of suffixes) {
    await rename(join(dist, `${stem}-${oldHash}${suffix}`), join(dist, `${stem}-${newHash}${suffix}`));
  }
  return html.replaceAll(`${stem}-${oldHash}`, `${stem}-${newHash}`);
}

async function moveLoader(html) {
  const [inline, ...more] = [...html.matchAll(/<script type="module">([\s\S]*?)<\/script>/g)];
  if (inline === undefined || more.length > 0) throw new Error("expected one inline module in trunk's index.html");
  const code = `${inline[1].trim()}\n`;
  const name = `boot-${hash(code)}.js`;
  await writeFile(join(dist, name), code);
  return html.replace(inline[0], () => `<script type="module" src="${base}${name}"></script>`);
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

const index = join(dist, "index.html");
await writeFile(index, await moveLoader(await nameByContent(await readFile(index, "utf8"))));
await compress();

// Prints the download size of a first visit, and fails if it exceeds the budget.

import { readFile } from "node:fs/promises";

const KB = 1000;
// History of the size of the WebAssembly in kB, and compressed by Brotli: three detectors 884 (282); all eighteen, seasons and
// rules 1,205 (381); auto, more history and texts that change in place 1,324 (412); explanations of events 1,515 (469); the
// plan that the command line shares 1,602 (486); notifications, related series and the assistant 1,949 (583). Optimising detection
// for size instead of speed would save 41 (9); the workers and what the page exchanges with them take an estimated 35 (10). The
// knowledge base is not included: it is loaded when there is an event.
const BUDGET = { wasm: 2900 * KB, wasmBrotli: 830 * KB, firstLoadBrotli: 1325 * KB };

const dist = new URL("../dist/", import.meta.url);
const html = await readFile(new URL("index.html", dist), "utf8");
const referenced = [...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, name]) => name);
const names = [...new Set(["index.html", ...referenced])];

const files = await Promise.all(
  names.map(async (name) => {
    const size = async (suffix) => (await readFile(new URL(name + suffix, dist))).length;
    return { name, raw: await size(""), gzip: await size(".gz"), brotli: await size(".br") };
  }),
);

const sum = (key, part) => part.reduce((total, file) => total + file[key], 0);
const total = (name, part) => ({ name, raw: sum("raw", part), gzip: sum("gzip", part), brotli: sum("brotli", part) });
const wasm = total("all WebAssembly", files.filter(({ name }) => name.endsWith(".wasm")));
const firstLoad = total("first load", files);

const row = (name, ...sizes) => console.log(name.padEnd(40), ...sizes.map((size) => size.padStart(9)));
const kb = (bytes) => (bytes / KB).toFixed(1);
row("kB", "raw", "gzip", "brotli");
for (const { name, raw, gzip, brotli } of [...files, wasm, firstLoad]) row(name, kb(raw), kb(gzip), kb(brotli));

const checks = [
  ["WebAssembly", wasm.raw, BUDGET.wasm],
  ["WebAssembly, brotli", wasm.brotli, BUDGET.wasmBrotli],
  ["first load, brotli", firstLoad.brotli, BUDGET.firstLoadBrotli],
];
const exceeded = checks.filter(([, size, limit]) => size > limit);
for (const [what, size, limit] of exceeded) console.error(`too big: ${what} is ${kb(size)} kB, at most ${kb(limit)} kB`);
if (wasm.raw === 0) console.error("dist/index.html names no WebAssembly");
if (exceeded.length > 0 || wasm.raw === 0) process.exit(1);
console.log(`size check passed: ${checks.map(([what, size, limit]) => `${what} ${kb(size)} of ${kb(limit)} kB`).join("; ")}`);

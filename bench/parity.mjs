// `node parity.mjs KERNELS.wasm BENCH`: fails unless both give the same digests, line by line.
import { execFileSync } from 'node:child_process';
import { load, text } from './wasm.mjs';

const [file, native] = process.argv.slice(2);
const exports = await load(file);
const ours = text(exports, exports.digests()).trimEnd().split('\n');
const theirs = execFileSync(native, ['digests'], { encoding: 'utf8', maxBuffer: 1 << 28 }).trimEnd().split('\n');
const different = theirs.filter((line, at) => line !== ours[at]);
if (theirs.length !== ours.length || theirs.length < 2 || different.length > 0) {
  console.error(`Native and WebAssembly differ in ${different.length} of ${theirs.length} results:`);
  console.error(different.slice(0, 20).join('\n'));
  process.exit(1);
}
console.log(`Native and WebAssembly agree to the bit in ${theirs.length} results.`);

// Loads the kernels as WebAssembly: `load(file)` gives the exports, `text(exports, packed)` a string of theirs.
import { readFileSync } from 'node:fs';

export async function load(file) {
  const { instance } = await WebAssembly.instantiate(readFileSync(file), {});
  return instance.exports;
}

export function text(exports, packed) {
  const [at, length] = [Number(BigInt.asUintN(64, packed) >> 32n), Number(packed & 0xffffffffn)];
  return new TextDecoder().decode(new Uint8Array(exports.memory.buffer, at, length));
}

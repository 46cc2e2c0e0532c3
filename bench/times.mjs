// `node times.mjs KERNELS.wasm ROUNDS`: a line of name, samples and median seconds for each case, as `bench times`.
import { load, text } from './wasm.mjs';

const [file, rounds] = process.argv.slice(2);
const exports = await load(file);
const cases = text(exports, exports.cases()).trimEnd().split('\n');
const times = cases.map(() => []);
// The engine compiles what is called often anew, and better.
for (let round = -2; round < Number(rounds); round++) {
  cases.forEach((_, at) => {
    const start = performance.now();
    exports.run(at);
    if (round >= 0) times[at].push((performance.now() - start) / 1e3);
  });
}
cases.forEach((name, at) => {
  const sorted = times[at].sort((a, b) => a - b);
  console.log(`${name}\t${sorted[sorted.length >> 1]}`);
});

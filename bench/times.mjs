// `node times.mjs KERNELS.wasm ROUNDS [NAME]`: a line of name and nanoseconds a sample for each case, as `bench times`.
import { load, text } from './wasm.mjs';

const [file, rounds, wanted = ''] = process.argv.slice(2);
const exports = await load(file);
const cases = text(exports, exports.cases())
  .trimEnd()
  .split('\n')
  .map((line) => line.split('\t'))
  .map(([name, samples, parts], at) => ({ name, at, samples, times: Array.from({ length: parts }, () => []) }))
  .filter(({ name }) => name.includes(wanted));
// The engine compiles what is called often anew, and better.
for (let round = -1; round < Number(rounds); round++) {
  cases.forEach(({ times, at }) => {
    times.forEach((times, part) => {
      const start = performance.now();
      exports.run(at, part);
      if (round >= 0) times.push(performance.now() - start);
    });
  });
}
for (const { name, samples, times } of cases) {
  const milliseconds = times.reduce((sum, times) => sum + median(times), 0);
  console.log(`${name}\t${(milliseconds * 1e6) / samples}`);
}

function median(times) {
  return times.sort((a, b) => a - b)[times.length >> 1];
}

// `node run.mjs BENCH KERNELS.wasm PYTHON [ROUNDS]`: times the kernels natively and as WebAssembly, in turns with comparable Python
// libraries, and prints tables of nanoseconds per sample and of ratios with their targets.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [bench, wasm, python, rounds = '3'] = process.argv.slice(2);
const here = fileURLToPath(new URL('.', import.meta.url));
const TURNS = 3;
const SERIES = '91';
const SAMPLES = 11_000;
const LONG = ', one series of 1,000,000';

// Ratios: name, our build and kernel, their build and kernel, target.
const AIMS = [
  ['rolling z', 'wasm', 'rolling', 'peer', 'bottleneck rolling', 0.75],
  ['rolling z', 'wasm', 'rolling', 'peer', 'pandas rolling', 0.12],
  ['threshold, no event', 'wasm', 'threshold 40', 'wasm', 'plain copy', 2],
  ['threshold, few events', 'wasm', 'threshold 4', 'wasm', 'plain copy', 2],
  ['rolling median, W = 60', 'wasm', 'medians 60', 'peer', 'bottleneck median 60', 0.6],
  ['rolling median, W = 1,440', 'wasm', 'medians 1440', 'peer', 'bottleneck median 1440', 0.25],
  ['MAD, W = 60', 'wasm', 'deviations 60', 'peer', 'numpy deviations 60', 0.05],
  ['STL, period 1,440', 'wasm', 'stl 1440', 'peer', 'statsmodels stl 1440', 0.04],
  ['STL, period 1,440', 'wasm', 'stl 1440', 'native', 'stlrs 1440', 0.15],
];

const directory = mkdtempSync(join(tmpdir(), 'kernels-'));
const data = join(directory, 'series.f64');
const times = { native: {}, wasm: {}, peer: {} };
try {
  execFileSync(bench, ['data', data]);
  for (let turn = 0; turn < TURNS; turn++) {
    add(times.native, bench, ['times', rounds]);
    add(times.wasm, process.execPath, [join(here, 'times.mjs'), wasm, rounds]);
    add(times.peer, python, [join(here, 'peers.py'), data, SERIES, rounds]);
  }
} finally {
  rmSync(directory, { recursive: true });
}

const copy = median(times.wasm['plain copy']);
console.log('| nanoseconds a sample | native | wasm | wasm / plain copy |\n|---|---|---|---|');
for (const name of Object.keys(times.native)) {
  const ours = [times.native, times.wasm].map((by) => by[name] && median(by[name]));
  console.log(`| ${name} | ${ours.map(short).join(' | ')} | ${short(ours[1] && ours[1] / copy)} |`);
}
const detectors = Object.keys(times.wasm).filter((name) => `${name}${LONG}` in times.wasm);
const together = detectors.reduce((sum, name) => sum + median(times.wasm[name]), 0) * SAMPLES;
console.log(`\nAll ${detectors.length} detectors on one series of 11,000 samples, wasm: ${short(together / 1e6)} ms, target 30.`);
console.log('\n| peer, nanoseconds a sample | |\n|---|---|');
for (const [name, all] of Object.entries(times.peer)) console.log(`| ${name} | ${short(median(all))} |`);
console.log('\n| | divided by | ratio | target |\n|---|---|---|---|');
for (const [what, ourBuild, ours, theirBuild, theirs, aim] of AIMS) {
  const ratio = median(times[ourBuild][ours]) / median(times[theirBuild][theirs]);
  const by = theirBuild === 'peer' ? theirs : `${theirs}, ${theirBuild}`;
  console.log(`| ${what}, ${ourBuild} | ${by} | ${ratio.toPrecision(2)} | ${aim}${ratio > aim ? ', missed' : ''} |`);
}

// Lines of name and time.
function add(to, program, args) {
  const lines = execFileSync(program, args, { encoding: 'utf8' }).trimEnd().split('\n');
  for (const [name, time] of lines.map((line) => line.split('\t'))) (to[name] ??= []).push(Number(time));
}

function median(all) {
  return all.toSorted((a, b) => a - b)[all.length >> 1];
}

function short(number) {
  return number === undefined ? '' : number.toPrecision(number < 100 ? 2 : 3);
}

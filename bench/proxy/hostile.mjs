// `node hostile.mjs ODDITY [CLIENTS]`: measures a normal query of the demo source while other clients send only expensive queries.
// Both use the same source, so they share its queue. Prints a Markdown table.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probe } from './probe.mjs';
import { memory } from './servers.mjs';

const [oddity, clients = '50'] = process.argv.slice(2);
const QUERIES = 200;
const classes = (count) => Array(count).fill('a=~"\\\\w{200}"').join(',');
const nested = (call, times) => Array(times).fill(call).reduce((inner, outer) => outer.replace('INNER', inner), 'up');
const HOSTILE = [
  `max_over_time({${classes(20)},b="c"}[1m:1s]) 1`,
  `max_over_time({${classes(490)}}[1m:1s])`,
  `max_over_time(up[1m:1s]) ${'+ 1 '.repeat(470)}) 1`,
  `${'1 + '.repeat(940)}rate(up)`,
  'count_over_time(count_values("v",vector(time()))[1d:1s])',
  nested('label_join(INNER,"a","-","a","a","job")', 60),
  '{__name__=~".+"}',
  'quantile_over_time(0.5, {job!=""}[5h:1m])',
];
const NORMAL = 'sum by (job) (rate(http_requests_total[5m]))';

const folder = mkdtempSync(join(tmpdir(), 'oddity-hostile-'));
const server = spawn(oddity, ['--listen', '127.0.0.1:0'], { cwd: folder, env: { ODDITY_LOG: 'error' }, stdio: ['ignore', 'pipe', 'inherit'] });
try {
  const origin = await new Promise((resolve, reject) => {
    server.stdout.on('data', (text) => resolve(/http:\S+/.exec(String(text))[0]));
    server.on('exit', (code) => reject(new Error(`ended with ${code}`)));
  });
  const now = Math.floor(Date.now() / 1e3);
  const range = `start=${now - 3600}&end=${now}&step=15`;
  const url = (query) => `${origin}/api/sources/demo/api/v1/query_range?query=${encodeURIComponent(query)}&${range}`;
  const alone = await probe(url(NORMAL), QUERIES);
  const run = { over: false, statuses: {} };
  const all = Array.from({ length: Number(clients) }, (_, client) => ask(origin, client, now, run));
  const beside = await probe(url(NORMAL), QUERIES);
  const peak = memory.peak(server.pid);
  run.over = true;
  await Promise.all(all);
  console.log(`\n| beside ${clients} clients with hostile queries | found | target |\n|---|---|---|`);
  console.log(`| p99 latency of a normal query alone, s | ${alone.p99.toFixed(3)} | |`);
  console.log(`| p99 latency of a normal query, s | ${beside.p99.toFixed(3)} | below 1 |`);
  console.log(`| failed normal queries out of ${beside.asked} | ${beside.failed} | |`);
  console.log(`| peak memory, MiB | ${peak.toFixed(0)} | below 200 |`);
  console.log(`| statuses of the hostile queries | ${JSON.stringify(run.statuses)} | |`);
  console.log(`| the server runs | ${server.exitCode === null} | true |`);
} finally {
  server.removeAllListeners('exit');
  server.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}

/** Sends one hostile query after the other, each with the largest allowed number of points, until the run is over. */
async function ask(origin, client, now, run) {
  for (let turn = client; !run.over; turn++) {
    const form = new URLSearchParams({ query: HOSTILE[turn % HOSTILE.length], start: now - 660_000, end: now, step: 60 }).toString();
    const status = await new Promise((resolve) => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': form.length };
      const sent = request(`${origin}/api/sources/demo/api/v1/query_range`, { method: 'POST', headers, agent: false }, (answer) => {
        answer.on('error', () => resolve('cut'));
        answer.resume().on('end', () => resolve(answer.statusCode));
      });
      sent.on('error', () => resolve('reset'));
      sent.end(form);
    });
    run.statuses[status] = (run.statuses[status] ?? 0) + 1;
  }
}

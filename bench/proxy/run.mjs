// `node run.mjs ODDITY [SOAK_SECONDS]`: compares the server with nginx in front of the same upstream, in turns in one run. Then follow
// a soak test and a flood of clients that keep the server waiting. Prints Markdown tables. Needs wrk and nginx on PATH.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { probe } from './probe.mjs';
import { memory, start } from './servers.mjs';
import { wrk } from './wrk.mjs';

const [oddity, soak = '600'] = process.argv.slice(2);
const ROUNDS = 9;
const SECONDS = 3;
const SOCKETS = 10_000;

const servers = await start(oddity);
try {
  const { direct, nginx, unbuffered, ours } = servers;
  const small = '/api/v1/query?query=up';
  const large = '/api/v1/query_range?query=up&start=0&end=1&step=1';

  const fast = await turns({ direct: [direct, small], nginx: [nginx, small], ours: [ours, small] }, 8);
  const alone = await turns({ direct: [direct, small], nginx: [nginx, small], ours: [ours, small] }, 1);
  const bulk = await turns({ nginx: [unbuffered, large], ours: [ours, large] }, 4);
  table('2 kB, 8 connections', fast);
  table('2 kB, 1 connection', alone);
  table('5 MB, 4 connections, nginx without buffering', bulk);

  const ratio = (runs) => median(runs.ours.map((run, turn) => run.rate / runs.nginx[turn].rate));
  const added = median(alone.ours.map((run, turn) => run.p50 - alone.direct[turn].p50));
  const addedByNginx = median(alone.nginx.map((run, turn) => run.p50 - alone.direct[turn].p50));

  const flat = await soakFor(Number(soak), [`${ours}${small}`, `${ours}${large}`]);
  const flood = await floodOf(SOCKETS);

  console.log('\n| | found | target |\n|---|---|---|');
  row('requests per second, 2 kB, divided by those of nginx', ratio(fast), 0.85, (found, target) => found >= target);
  row('requests per second, 5 MB, divided by those of nginx without buffering', ratio(bulk), 0.9, (found, target) => found >= target);
  row('p50 latency added to the upstream\'s, one connection, ms', added, 0.2, below);
  console.log(`| the same for nginx | ${addedByNginx.toPrecision(2)} | |`);
  row(`peak memory in a soak test of ${soak} s, MiB`, flat.peak, 32, below);
  row('memory in its last quarter, divided by its second quarter', flat.growth, 1.1, below);
  row(`p99 latency of a query during a flood of ${SOCKETS} sockets, s`, flood.p99, 1, below);
  console.log(`| failed queries out of ${flood.asked} during the flood | ${flood.failed} | |`);
  console.log(`| peak memory during the flood, MiB | ${flood.peak.toFixed(0)} | |`);
} finally {
  servers.stop();
}

/** Measures each target for a few seconds in turns, so that disturbances of the machine affect all of them. */
async function turns(targets, connections) {
  const runs = Object.fromEntries(Object.keys(targets).map((name) => [name, []]));
  for (let turn = 0; turn < ROUNDS; turn++) {
    for (const [name, [origin, path]] of Object.entries(targets)) {
      const before = memory.cpu(servers.pids[name]);
      const run = await wrk(origin + path, connections, SECONDS);
      if (run.failed > 0) throw new Error(`${name}: ${run.failed} answers were not successful`);
      runs[name].push({ ...run, cpu: ((memory.cpu(servers.pids[name]) - before) / run.requests) * 1e6 });
    }
  }
  return runs;
}

/** Requests both files at once and samples the memory of the server every second. */
async function soakFor(seconds, urls) {
  const seen = [];
  const look = setInterval(() => seen.push(memory.resident(servers.pids.ours[0])), 1_000);
  const done = await Promise.all(urls.map((url) => wrk(url, 4, seconds)));
  clearInterval(look);
  const failed = done.reduce((sum, { failed }) => sum + failed, 0);
  if (failed > 0) throw new Error(`${failed} answers of the soak test were not successful`);
  const quarter = seen.length >> 2;
  const growth = median(seen.slice(-quarter)) / median(seen.slice(quarter, 2 * quarter));
  const requests = done.reduce((sum, run) => sum + run.requests, 0);
  console.log(`\nSoak: ${requests} requests in ${seconds} s.`);
  return { peak: memory.peak(servers.pids.ours[0]), growth };
}

/** Sends queries one after the other while another process holds sockets that are idle, slow, or never read. */
async function floodOf(sockets) {
  const flood = fork(fileURLToPath(new URL('./flood.mjs', import.meta.url)), [servers.ours, String(sockets)]);
  const flooded = await new Promise((resolve) => flood.once('message', resolve));
  const result = await probe(`${servers.ours}/api/v1/query?query=up`, 400);
  const ended = new Promise((resolve) => flood.once('message', resolve));
  flood.send('stop');
  const { opened } = await ended;
  console.log(`\nFlood: ${flooded.sockets} sockets open or being opened again, ${opened} opened in total.`);
  return { ...result, peak: memory.peak(servers.pids.ours[0]) };
}

function table(title, runs) {
  console.log(`\n| ${title} | requests/s | p50, ms | p99, ms | CPU time per request, µs |\n|---|---|---|---|---|`);
  for (const [name, all] of Object.entries(runs)) {
    const figure = (key) => median(all.map((run) => run[key]));
    const cells = [figure('rate').toFixed(0), figure('p50').toPrecision(3), figure('p99').toPrecision(3), figure('cpu').toFixed(0)];
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
}

function row(what, found, target, isMet) {
  console.log(`| ${what} | ${found.toPrecision(3)} | ${target}${isMet(found, target) ? '' : ', missed'} |`);
}

function below(found, target) {
  return found < target;
}

function median(all) {
  return all.toSorted((a, b) => a - b)[all.length >> 1];
}

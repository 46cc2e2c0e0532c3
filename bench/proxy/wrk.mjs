// One run of wrk.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const UNITS = { us: 1e-3, ms: 1, s: 1e3, m: 6e4 };

/** Latencies in milliseconds; `failed` counts answers other than 2xx and broken connections. */
export async function wrk(url, connections, seconds) {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout=30s', '--latency', url];
  const { stdout } = await promisify(execFile)('wrk', args);
  const number = (pattern) => Number(stdout.match(pattern)?.[1] ?? 0);
  const latency = (percent) => {
    const [, value, unit] = stdout.match(new RegExp(`^ +${percent}% +([\\d.]+)(us|ms|s|m)$`, 'm'));
    return Number(value) * UNITS[unit];
  };
  const errors = stdout.match(/Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/) ?? [];
  return {
    requests: number(/(\d+) requests in/),
    rate: number(/Requests\/sec: +([\d.]+)/),
    p50: latency(50),
    p99: latency(99),
    failed: number(/Non-2xx or 3xx responses: (\d+)/) + errors.slice(1).reduce((sum, count) => sum + Number(count), 0),
  };
}

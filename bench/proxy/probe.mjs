// A client that does its part: one query after the other, each on a connection of its own.
import { get } from 'node:http';

/** Seconds until an answer was complete, the 99th percentile of `count` queries; `failed` had no answer or none of status 200. */
export async function probe(url, count) {
  const times = [];
  let failed = 0;
  for (let index = 0; index < count; index++) {
    const start = performance.now();
    const status = await ask(url).catch(() => 0);
    times.push((performance.now() - start) / 1e3);
    if (status !== 200) failed += 1;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return { p99: times.toSorted((a, b) => a - b)[Math.floor(count * 0.99)], failed, asked: count };
}

function ask(url) {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, (answer) => {
      answer.on('error', reject);
      answer.resume().on('end', () => resolve(answer.statusCode));
    });
    request.setTimeout(30_000, () => request.destroy(new Error('no answer')));
    request.on('error', reject);
  });
}

// The series that the tests query: fixed shapes around the present minute, so that the page's default range shows them.

/** Seconds between two samples. */
export const STEP = 60;
const DAY = 24 * 3600;
/** How far the samples go on after the present minute, so that they are still coming in when a slow machine runs the last test. */
const LEAD_SECONDS = 3 * 3600;
const SPIKE_SAMPLES = 5;
/** Shorter than the rest: promtool reads all text again for every two hours of it. */
const SHARD_SECONDS = 6 * 3600;

/** What the tests know about the data; times are Unix seconds. */
export interface Data {
  /** Of the first sample, a day before `now`. */
  start: number;
  /** The minute in which this was made. */
  now: number;
  /** Of the last sample. */
  end: number;
  /** The first and the last sample of the spike in `queue_depth`, and its value. */
  spike: { start: number; end: number; value: number };
  /** Label values of `shard_load`, and the time of its first samples. */
  shards: { names: string[]; start: number };
  /** An expression that parses and has no result. */
  empty: string;
}

export function describe(now: number): Data {
  const minute = Math.floor(now / STEP) * STEP;
  const spikeStart = minute - 2 * 3600;
  return {
    start: minute - DAY,
    now: minute,
    end: minute + LEAD_SECONDS,
    spike: { start: spikeStart, end: spikeStart + (SPIKE_SAMPLES - 1) * STEP, value: 60 },
    shards: {
      names: Array.from({ length: 100 }, (_, index) => String(index).padStart(2, "0")),
      start: minute - SHARD_SECONDS,
    },
    empty: 'queue_depth{queue="absent"}',
  };
}

/** Uniform in [0, 1); the same sequence for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** OpenMetrics text with
 *  - `queue_depth{queue="mail"}`: 10 ± 1 with one spike,
 *  - `e2e_requests_total`: a counter that grows by 120 ± 6 a minute,
 *  - `shard_load{shard="00".."99"}`: 50 ± 5 each, from six hours ago on,
 *  - of one target, `mail_deferred` and `mail_delivery_seconds` with a spike at the same time as the queue, and
 *    `mail_sessions` without. */
export function* openMetrics({ start, end, spike, shards }: Data): Generator<string> {
  type Sample = [name: string, valueAt: (time: number) => number, first?: number];
  function* family(name: string, type: string, help: string, samples: Sample[]) {
    yield `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
    for (const [sample, valueAt, first = start] of samples) {
      for (let time = first; time <= end; time += STEP) yield `${sample} ${valueAt(time).toFixed(3)} ${time}\n`;
    }
  }

  const noise = (centre: number, spread: number, seed: number) => {
    const uniform = random(seed);
    return () => centre + spread * (2 * uniform() - 1);
  };
  const spiked = (value: number, usual: () => number) => (time: number) => {
    const now = usual();
    return time >= spike.start && time <= spike.end ? value : now;
  };
  const requests = noise(120, 6, 2);
  let served = 0;

  yield* family("queue_depth", "gauge", "Messages that wait.", [
    ['queue_depth{queue="mail"}', spiked(spike.value, noise(10, 1, 1))],
  ]);
  yield* family("e2e_requests", "counter", "Requests answered.", [["e2e_requests_total", () => (served += requests())]]);
  yield* family(
    "shard_load",
    "gauge",
    "Load of a shard in percent.",
    shards.names.map((shard, index) => [`shard_load{shard="${shard}"}`, noise(50, 5, 100 + index), shards.start]),
  );
  const target = '{instance="mail-1:9154",job="mail"}';
  yield* family("mail_deferred", "gauge", "Mails that wait for another try.", [[`mail_deferred${target}`, spiked(60, noise(10, 1, 3))]]);
  yield* family("mail_delivery_seconds", "gauge", "How long a delivery takes.", [
    [`mail_delivery_seconds${target}`, spiked(4, noise(0.5, 0.1, 4))],
  ]);
  yield* family("mail_sessions", "gauge", "Open sessions.", [[`mail_sessions${target}`, noise(20, 4, 5)]]);
  yield "# EOF\n";
}

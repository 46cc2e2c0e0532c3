// What the rolling band finds, computed a second time from its definition: plain loops over all samples, nothing kept.

import type { Response } from "@playwright/test";

export interface Reply {
  /** Values on the grid of the query, history first; NaN where there is no sample. */
  values: number[];
  /** Where the judged range begins. */
  judged: number;
}

const WINDOW = 60;
const LEAST_SAMPLES = 30;
const HOLD_OFF = 100;
const BRIDGE = 2;
const MOST_SCORE = 1e6;

/** The one series of a reply to the page's range query; its last `judged` samples are those of the range. */
export async function read(response: Response, judged: number): Promise<Reply> {
  const form = new URLSearchParams(response.request().postData() ?? "");
  const [start, end, step] = ["start", "end", "step"].map((key) => Number(form.get(key))) as [number, number, number];
  const { data } = (await response.json()) as { data: { result: { values: [number, string][] }[] } };
  const [series, ...others] = data.result;
  if (series === undefined || others.length > 0) throw new Error("the reply does not hold one series");
  const values = new Array<number>(Math.floor((end - start) / step) + 1).fill(Number.NaN);
  for (const [time, value] of series.values) values[Math.round((time - start) / step)] = Number(value);
  return { values, judged: values.length - judged };
}

/** How many events there are at a threshold. */
export function countEvents({ values, judged }: Reply, threshold: number): number {
  const scores = values.map((value, index) => score(value, values.slice(Math.max(0, index - WINDOW), index)));
  const isAlert = (index: number) =>
    scores.slice(Math.max(0, index - HOLD_OFF), index).every((earlier) => scores[index]! > earlier);
  let events = 0;
  let last: number | undefined;
  for (let index = judged; index < scores.length; index += 1) {
    if (scores[index]! < threshold) continue;
    const goesOn = last !== undefined && index - last - 1 <= BRIDGE;
    if (!goesOn) last = undefined;
    if (!goesOn && !isAlert(index)) continue;
    if (!goesOn) events += 1;
    last = index;
  }
  return events;
}

/** Distance from the mean of the samples before, in their standard deviations; 0 without a verdict. */
function score(value: number, before: number[]): number {
  const known = before.filter(Number.isFinite);
  if (Number.isNaN(value) || known.length < LEAST_SAMPLES) return 0;
  const mean = known.reduce((sum, one) => sum + one, 0) / known.length;
  const variance = known.reduce((sum, one) => sum + (one - mean) ** 2, 0) / known.length;
  const scale = Math.max(Math.sqrt(variance), 1e-9 * Math.abs(mean), 1e-12);
  return Math.min(Math.abs(value - mean) / scale, MOST_SCORE);
}

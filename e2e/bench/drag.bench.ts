// What a move of a slider costs on a series of 10,000 samples, beside what it would cost to let Plotly draw it.

import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures.ts";
import { requestsDuring } from "../support/workbench.ts";
import { type Frame, measureIn, quantile } from "./frames.ts";

const PARAMETERS = { q: "rate(dhcp_lease_count[5m]) * 60", range: "1w", step: "1m" };
const SAMPLES = 7 * 24 * 60 + 1;
const ROUNDS = 3;

/** The right half of a slider, where every position is another value and, for the threshold, most events are. */
const POSITIONS = { first: 100, last: 200 };
const MOVES = POSITIONS.last - POSITIONS.first + 1;

test.use({ baseURL: async ({ demo }, use) => use(demo.url) });

/** Milliseconds since 1970, and values. */
interface Line {
  times: number[];
  values: number[];
}

test("drag", async ({ page, demo }) => {
  const line = await series(demo.url);
  const works: [name: string, detector: string, act: (page: Page) => Promise<Frame[]>][] = [
    ["Sensitivity of auto", "auto", (page) => drag(page, "Sensitivity")],
    ["Sensitivity of rolling band", "rolling", (page) => drag(page, "Sensitivity")],
    ["Window of rolling band", "rolling", (page) => drag(page, "Window")],
    ["Memory of auto", "auto", (page) => drag(page, "Memory")],
    ["Plotly.react, 3 traces of 10k", "rolling", (page) => react(page, line)],
  ];
  const frames = works.map((): Frame[] => []);
  const requests: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, [, detector, act]] of works.entries()) {
      await open(page, detector);
      requests.push(...(await requestsDuring(page, async () => frames[index]?.push(...(await act(page))))));
    }
  }
  print(
    works.map(([name], index) => [name, frames[index] ?? []]),
    requests.length,
  );
  expect(requests, "a drag sends nothing").toEqual([]);
});

async function open(page: Page, detector: string) {
  await page.goto(`/?${new URLSearchParams({ ...PARAMETERS, detector })}`);
  await expect(page.getByRole("region", { name: "Chart" }).getByRole("heading", { level: 2 })).toBeVisible();
  await page.waitForLoadState("networkidle");
}

/** Moves the slider by one position a frame. */
async function drag(page: Page, slider: string): Promise<Frame[]> {
  const input = await page.getByRole("slider", { name: slider, exact: true }).elementHandle();
  if (input === null) throw new Error(`no slider ${slider}`);
  const measure = await measureIn(page);
  const { frames, values } = await page.evaluate(
    async ({ measure, input, first, moves }) => {
      if (!(input instanceof HTMLInputElement)) throw new Error("not a slider");
      const values = new Set<string | null>();
      const frames = await measure(moves, (index) => {
        values.add(input.ariaValueText);
        input.value = String(first + index);
        input.dispatchEvent(new Event("input", { bubbles: true }));
      });
      return { frames, values: values.size };
    },
    { measure, input, first: POSITIONS.first, moves: MOVES },
  );
  expect(values, `${slider} takes another value with every move`).toBe(MOVES);
  return frames;
}

/** The series that the page shows, from the same server. */
async function series(url: string): Promise<Line> {
  const end = Math.floor(Date.now() / 60_000) * 60;
  const query = { query: PARAMETERS.q, start: String(end - (SAMPLES - 1) * 60), end: String(end), step: "60" };
  const reply = await fetch(`${url}/api/sources/demo/api/v1/query_range?${new URLSearchParams(query)}`);
  const { data } = (await reply.json()) as { data: { result: { values: [number, string][] }[] } };
  const values = data.result[0]?.values ?? [];
  expect(values).toHaveLength(SAMPLES);
  return { times: values.map(([time]) => time * 1000), values: values.map(([, value]) => Number(value)) };
}

/** Draws value, lower and upper bound anew with Plotly at the threshold of each position, in the place and with the
 *  axes of the page's own chart. */
async function react(page: Page, line: Line): Promise<Frame[]> {
  const measure = await measureIn(page);
  return page.evaluate(
    async ({ measure, line, moves }) => {
      type Graph = HTMLElement & { layout: object };
      type Plotly = { react(target: HTMLElement, data: object[], layout: object): Promise<unknown> };
      const { Plotly } = window as unknown as { Plotly: Plotly };
      const graph = document.querySelector<Graph>(".js-plotly-plot");
      if (graph === null) throw new Error("the page shows no chart");

      const [x, y] = [Float64Array.from(line.times), Float64Array.from(line.values)];
      const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
      const expected = y.map((_, at) => mean(y.subarray(Math.max(0, at - 60), Math.max(1, at))));
      const scale = Math.sqrt(mean(y.map((value, at) => (value - (expected[at] ?? 0)) ** 2)));
      const trace = (y: Float64Array, style: object) => ({ type: "scatter", mode: "lines", hoverinfo: "skip", x, y, ...style });
      return measure(moves, (index) => {
        const half = (5 - (3.5 * index) / moves) * scale;
        const lower = trace(expected.map((value) => value - half), { line: { width: 0 } });
        const upper = trace(expected.map((value) => value + half), { line: { width: 0 }, fill: "tonexty" });
        void Plotly.react(graph, [lower, upper, trace(y, { line: { width: 1.5 } })], graph.layout);
      });
    },
    { measure, line, moves: MOVES },
  );
}

function print(rows: [name: string, frames: Frame[]][], requests: number) {
  const columns = ["script", "frame", "interval"] as const;
  const peer = rows.at(-1)?.[1] ?? [];
  const median = (frames: Frame[], column: keyof Frame) => quantile(frames.map((frame) => frame[column]), 0.5);
  const cell = (value: number) => value.toFixed(1).padStart(6);
  console.log(`${SAMPLES} samples, ms, median and 95 %, over ${peer.length} frames; requests sent: ${requests}`);
  console.log(["".padEnd(30), ...columns.map((column) => column.padStart(13)), "  frame / react"].join(" "));
  for (const [name, frames] of rows) {
    const cells = columns.map((column) => {
      const high = quantile(frames.map((frame) => frame[column]), 0.95);
      return `${cell(median(frames, column))} ${cell(high)}`;
    });
    const ratio = median(frames, "frame") / median(peer, "frame");
    console.log([name.padEnd(30), ...cells, ratio.toFixed(2).padStart(8)].join(" "));
  }
}

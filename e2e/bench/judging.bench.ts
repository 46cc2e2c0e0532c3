// What many long series cost the page: how long a task keeps its main thread, and how long they take in all.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CROWD, startCrowd } from "../support/crowd.ts";
import { expect, test } from "../support/fixtures.ts";
import { startOddity } from "../support/oddity.ts";
import { Workbench } from "../support/workbench.ts";

const WEEK = 7 * 24 * 3600;
const COUNTS = (process.env.SERIES ?? "1,100,200,1000").split(",").map(Number);

/** Milliseconds that a task of the main thread may take. */
const AIM = 50;

/** Number of tasks that are printed. */
const PRINTED = 4;

interface Task {
  /** Milliseconds of the processor: what the task takes on a machine that does nothing else. */
  processor: number;
  /** Milliseconds from its start to its end. */
  elapsed: number;
}

interface Measured {
  /** Tasks of the main thread, longest first. */
  tasks: Task[];
  /** From the last byte to the ranking. */
  total: number;
  cores: number;
}

/** An event of a trace; times are in microseconds. */
interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  dur?: number;
  tdur?: number;
  args: { name?: string };
}

/** The tasks of the main thread of the page that was traced. */
function mainTasks(trace: Buffer): Task[] {
  const { traceEvents } = JSON.parse(trace.toString("utf8")) as { traceEvents: TraceEvent[] };
  const threads = traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const mains = new Set(threads.map(({ pid, tid }) => `${pid}:${tid}`));
  return traceEvents
    .filter(({ name, ph, pid, tid }) => ph === "X" && name === "ThreadControllerImpl::RunTask" && mains.has(`${pid}:${tid}`))
    .map(({ dur = 0, tdur = 0 }) => ({ processor: tdur / 1000, elapsed: dur / 1000 }))
    .toSorted((a, b) => b.processor - a.processor);
}

test("judging", async ({ browser }) => {
  test.setTimeout(3_600_000);
  const folder = await mkdtemp(join(tmpdir(), "oddity-bench-"));
  const rows: [number, Measured][] = [];
  for (const count of COUNTS) {
    const end = Math.floor(Date.now() / 60_000) * 60 - 3600;
    const source = await startCrowd(count, end);
    const config = join(folder, "oddity.toml");
    await writeFile(config, "[limits]\nanswer_bytes = 1073741824\n");
    const oddity = await startOddity({ PROMETHEUS_URL: source.url, ODDITY_CONFIG: config });
    const page = await browser.newPage();
    const time = (seconds: number) => new Date(seconds * 1000).toISOString().replace(".000", "");
    const address = { q: CROWD, from: time(end - WEEK), to: time(end), step: "1m" };
    await page.addInitScript(() => performance.setResourceTimingBufferSize(10_000));
    await browser.startTracing(page, { categories: ["toplevel"] });
    await page.goto(`${oddity.url}/?${new URLSearchParams(address)}`);
    await page.waitForFunction(() => document.querySelector(".chart-head h2")?.textContent, undefined, { timeout: 1_800_000 });
    const done = await page.evaluate(() => performance.now());
    await new Workbench(page).settled();
    const tasks = mainTasks(await browser.stopTracing());
    const { last, cores } = await page.evaluate(() => {
      const replies = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/query_range"));
      const last = Math.max(...replies.map((reply) => (reply as PerformanceResourceTiming).responseEnd));
      return { last, cores: navigator.hardwareConcurrency };
    });
    rows.push([count, { tasks, total: done - last, cores }]);
    await page.close();
    await oddity.stop();
    await source.stop();
  }
  await rm(folder, { recursive: true, force: true });
  console.log(`series of 10,081 samples and their history; tasks of the main thread in ms of the processor (elapsed), aim ${AIM}`);
  for (const [count, { tasks, total, cores }] of rows) {
    const long = tasks.filter(({ processor }) => processor > AIM).length;
    const longest = tasks.slice(0, PRINTED).map(({ processor, elapsed }) => `${processor.toFixed(0)} (${elapsed.toFixed(0)})`);
    console.log(`${count} series: longest ${longest.join(", ")}; ${long} over ${AIM}; last byte to ranking ${total.toFixed(0)}, ${cores} cores`);
  }
  expect(rows).toHaveLength(COUNTS.length);
});

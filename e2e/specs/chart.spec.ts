// What the chart shows, and what the pointer does on it.

import { expect, test } from "../support/fixtures.ts";
import type { Workbench } from "../support/workbench.ts";

const HOUR = 3600;

/** The part of the range that the address says is drawn, in Unix seconds. */
async function zoomed(workbench: Workbench): Promise<[from: number, to: number]> {
  const [from = "", to = ""] = ((await workbench.parameters()).get("zoom") ?? "").split("/");
  return [Date.parse(from) / 1000, Date.parse(to) / 1000];
}

function zoomTo(from: number, to: number): string {
  return [from, to].map((seconds) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z")).join("/");
}

test.beforeEach(async ({ workbench, prometheus }) => {
  const { start, now } = prometheus.data;
  const [from, to] = zoomTo(start, now).split("/") as [string, string];
  await workbench.open({ q: "queue_depth", detector: "rolling", k: "2", from, to });
});

test("a drag zooms into what it spans and finds nothing else", async ({ page, prometheus, workbench }) => {
  const { start, now } = prometheus.data;
  const events = await workbench.events();
  const [from, to] = [now - 6 * HOUR, now - HOUR];
  const zoom = async () => {
    const [left, y] = await workbench.place(from, [start, now]);
    const [right] = await workbench.place(to, [start, now]);
    await page.mouse.move(left, y);
    await page.mouse.down();
    for (const share of [0.3, 0.6, 0.9, 1]) await page.mouse.move(left + (right - left) * share, y);
    await page.mouse.up();
    await expect.poll(async () => (await workbench.parameters()).has("zoom"), "the address holds the zoom").toBe(true);
  };
  expect.soft(await workbench.requestsDuring(zoom)).toEqual([]);
  expect.soft(await workbench.events()).toBe(events);
  // Two pixels of the plot are three minutes.
  const [left, right] = await zoomed(workbench);
  expect.soft(Math.abs(left - from)).toBeLessThan(180);
  expect.soft(Math.abs(right - to)).toBeLessThan(180);
  await expect(workbench.button("Reset zoom")).toBeVisible();

  // On a slow machine two clicks may come too far apart to be a double click.
  const reset = () =>
    expect(async () => {
      await page.mouse.dblclick(...(await workbench.place(now - HOUR, [start, now])));
      expect(await workbench.button("Reset zoom").count(), "the whole range is shown").toBe(0);
    }).toPass();
  expect.soft(await workbench.requestsDuring(reset)).toEqual([]);
  expect.soft(await workbench.events()).toBe(events);
  expect((await workbench.parameters()).has("zoom")).toBe(false);
});

test("the whole range comes back with a button", async ({ prometheus, workbench }) => {
  const { now } = prometheus.data;
  await workbench.open({ q: "queue_depth", zoom: zoomTo(now - 3 * HOUR, now - HOUR) });
  await workbench.button("Reset zoom").click();
  expect((await workbench.parameters()).has("zoom")).toBe(false);
});

for (const [name, timeZone, tz] of [
  ["UTC", "UTC", undefined],
  ["the browser's zone", "Europe/Berlin", "local"],
] as const) {
  test(`the time axis is in ${name}`, async ({ page, prometheus, workbench }) => {
    const { spike } = prometheus.data;
    const [from, to] = [spike.start - 1500, spike.start + 1500];
    await workbench.open({ q: "queue_depth", zoom: zoomTo(from, to), ...(tz && { tz }) });
    const format = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" });
    const minutes = Array.from({ length: (to - from) / 60 + 1 }, (_, index) => format.format((from + index * 60) * 1000));
    const ticks = (await page.locator(".xtick text").allTextContents()).map((tick) => tick.slice(0, 5));
    expect(ticks.length).toBeGreaterThan(1);
    expect(minutes).toEqual(expect.arrayContaining(ticks));
  });
}

test("the pointer shows value, expectation and score", async ({ page, prometheus, workbench }) => {
  const { spike } = prometheus.data;
  const view: [number, number] = [spike.start - 1800, spike.start + 1800];
  await workbench.open({ q: "queue_depth", zoom: zoomTo(...view) });
  await page.mouse.move(...(await workbench.place(spike.start, view)));
  const tooltip = page.locator(".tooltip");
  await expect(tooltip).toContainText(`${new Date(spike.start * 1000).toISOString().slice(11, 19)} UTC`);
  await expect(tooltip).toContainText(/value60/);
  await expect(tooltip).toContainText(/expected(9|10)/);
  await expect(tooltip).toContainText(/score\d+(\.\d+)? of 4/);
  await page.mouse.move(0, 0);
  await expect(tooltip).toHaveCount(0);
});

test("a click on the chart marks the event in the table", async ({ page, prometheus, workbench }) => {
  const { spike } = prometheus.data;
  const view: [number, number] = [spike.start - 1800, spike.start + 1800];
  await workbench.open({ q: "queue_depth", zoom: zoomTo(...view) });
  await expect(workbench.rows.first()).not.toHaveClass(/selected/);
  await page.mouse.click(...(await workbench.place(spike.start + 60, view)));
  await expect(workbench.rows.first()).toHaveClass(/selected/);
});

test("an event of the table is shown on the chart", async ({ page, prometheus, workbench }) => {
  const { spike } = prometheus.data;
  const look = () => workbench.rows.first().getByTitle("Show on chart").click();
  expect.soft(await workbench.requestsDuring(look)).toEqual([]);
  const [from, to] = await zoomed(workbench);
  expect(from).toBeLessThan(spike.start);
  expect(to).toBeGreaterThan(spike.end);
  expect(to - from).toBeLessThan(3 * HOUR);
  await expect.soft(workbench.rows.first()).toHaveClass(/selected/);
  await page.reload();
  await workbench.settled();
  await expect(workbench.button("Reset zoom")).toBeVisible();
});

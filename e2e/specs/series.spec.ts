// A result of a hundred series.

import { expect, test } from "../support/fixtures.ts";

test.beforeEach(async ({ page, prometheus }) => {
  await page.clock.setFixedTime(prometheus.data.now * 1000);
});

test("a hundred series are listed worst first and can be picked", async ({ page, workbench }) => {
  // So sensitive that noise within fixed bounds is odd in some of the series.
  await workbench.open({ q: "shard_load", range: "6h", detector: "rolling", k: "2.1" });
  const items = workbench.series.getByRole("listitem").getByRole("button");
  await expect(items.first()).toHaveAttribute("aria-pressed", "true");
  await expect(workbench.series.getByRole("listitem").first()).toHaveAttribute("aria-setsize", "100");

  // Rows exist near the visible ones alone: the whole list is read by scrolling.
  const scroll = (top: number) => workbench.series.locator(".rows").evaluate((rows, top) => rows.scrollTo(0, top), top);
  const all = new Map<number, { name: string; count: number }>();
  const read = async () => {
    for (const item of await workbench.series.getByRole("listitem").all()) {
      const place = Number(await item.getAttribute("aria-posinset"));
      const name = (await item.locator(".name").textContent()) ?? "no name";
      const count = Number(await item.locator(".badge").textContent());
      all.set(place, { name, count });
    }
  };
  for (let top = 0; top < 3400; top += 340) {
    await scroll(top);
    const place = Math.min(Math.floor(top / 34) + 12, 100);
    await expect(workbench.series.locator(`[aria-posinset="${place}"]`)).toBeAttached();
    await read();
  }
  const listed = Array.from({ length: 100 }, (_, index) => all.get(index + 1));
  const names = listed.map((row) => row?.name ?? "no name");
  expect(new Set(names).size).toBe(100);
  const counts = listed.map((row) => row?.count ?? Number.NaN);
  const odd = counts.filter((count) => count > 0).length;
  expect(odd).toBeGreaterThan(0);
  expect(odd).toBeLessThan(100);
  expect(counts.slice(0, odd)).not.toContain(0);
  expect(counts.reduce((sum, count) => sum + count)).toBe(await workbench.events());

  await expect(workbench.rows).not.toHaveCount(0);
  // An event names its series; an incident of several counts them.
  for (const row of await workbench.rows.all()) await expect(row).toContainText(/\d\d|\d+ series/);
  // The worst event is of the worst series, where no incident of several comes first.
  const first = workbench.rows.first();
  if ((await first.locator("code").count()) > 0) await expect(first).toContainText(names[0] ?? "no name");

  const last = names.at(-1) ?? "no name";
  const requests = await workbench.requestsDuring(() => items.last().click());
  expect.soft(requests).toEqual([]);
  await expect(items.last()).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByRole("region", { name: "Chart" })).toContainText(`Shown: ${last}.`);
  const shard = last.match(/\d\d/)?.[0];
  expect((await workbench.parameters()).get("series")).toBe(`shard_load{shard="${shard}"}`);

  await page.reload();
  await workbench.settled();
  await expect(page.getByRole("region", { name: "Chart" })).toContainText(`Shown: ${last}.`);
});

test("a slider judges all hundred series while it is dragged", async ({ workbench }) => {
  await workbench.open({ q: "shard_load", range: "6h", detector: "rolling" });
  expect(await workbench.events()).toBe(0);
  await expect(workbench.headline).toHaveText("No anomalies in 6 h");
  await workbench.turn("Sensitivity", "ArrowRight", (value) => value <= 1.8);
  await expect.poll(() => workbench.events()).toBeGreaterThan(0);
  await expect(workbench.headline).toHaveText(/^\d+ (anomalies|incidents?) in 6 h[.:] .*\d/);
});

// A result of a hundred series.

import { expect, test } from "../support/fixtures.ts";

test.beforeEach(async ({ page, prometheus }) => {
  await page.clock.setFixedTime(prometheus.data.now * 1000);
});

test("a hundred series are listed worst first and can be picked", async ({ page, workbench }) => {
  // So sensitive that noise within fixed bounds is odd in some of the series.
  await workbench.open({ q: "shard_load", range: "6h", detector: "rolling", k: "2.1" });
  const items = workbench.series.getByRole("listitem").getByRole("button");
  await expect(items).toHaveCount(8);
  await expect(items.first()).toHaveAttribute("aria-pressed", "true");
  const more = workbench.series.getByRole("button", { name: /^92 more/ });
  await expect(more).toHaveAttribute("aria-expanded", "false");
  await more.click();
  await expect(items).toHaveCount(100);

  const names = await items.locator(".t").allInnerTexts();
  expect(new Set(names).size).toBe(100);
  const counts = (await items.locator(".badge").allInnerTexts()).map(Number);
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

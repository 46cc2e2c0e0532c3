// What comes before the range to learn from: how much is fetched, and when it is not fetched again.

import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures.ts";

const DHCP = "rate(dhcp_lease_count[5m]) * 60";
/** Samples of a day at a step of one minute, both ends included. */
const JUDGED = 24 * 60 + 1;
/** What Prometheus answers at once. */
const MOST_POINTS = 11_000;

/** Times in seconds of every range query from now on at the step of the range; the weeks before come at a longer one. */
function rangeQueries(page: Page): { start: number; end: number; step: number }[] {
  const asked: { start: number; end: number; step: number }[] = [];
  page.on("request", (request) => {
    if (!request.url().endsWith("/query_range")) return;
    const form = new URLSearchParams(request.postData() ?? "");
    const query = { start: Number(form.get("start")), end: Number(form.get("end")), step: Number(form.get("step")) };
    if (query.step < 600) asked.push(query);
  });
  return asked;
}

const points = ({ start, end, step }: { start: number; end: number; step: number }) => Math.round((end - start) / step) + 1;

test("enough is fetched to learn a week from, each sample once", async ({ page, workbench, demo }) => {
  const asked = rangeQueries(page);
  await workbench.open({ q: DHCP }, demo.url);
  await expect(page.getByText("step 1m, after 21 d of history")).toBeVisible();
  for (const query of asked) expect(points(query)).toBeLessThanOrEqual(MOST_POINTS);
  expect(asked.reduce((sum, query) => sum + points(query), 0)).toBe(21 * 24 * 60 + JUDGED);
  const [first, ...later] = asked.toSorted((a, b) => a.start - b.start);
  let end = first?.end ?? 0;
  for (const query of later) {
    expect(query.start).toBe(end + 60);
    end = query.end;
  }
});

test("a longer baseline fetches nothing where there is history enough", async ({ workbench, demo }) => {
  await workbench.open({ q: DHCP, detector: "zscore" }, demo.url);
  const requests = await workbench.requestsDuring(async () => {
    await workbench.turn("Baseline", "ArrowRight", (hours) => hours >= 20);
    await workbench.choose("Auto");
    await workbench.settled();
  });
  expect(requests).toEqual([]);
});

test("a source with a short past is judged by what there is", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth" });
  await expect(page.getByText(/after (no history|.* of history \(the source has no more\))/)).toBeVisible();
  await expect(workbench.headline).toHaveText(/spike to 60/);
});

test("many series are learnt from less", async ({ page, demo }) => {
  const asked = rangeQueries(page);
  await page.goto(`${demo.url}/?q=cache_hit_ratio`);
  const scope = page.getByText("100 series, 1,441 samples each, no gaps, step 1m, after 3 d of history");
  // 13 million bytes, and a hundred series to judge.
  await expect(scope).toBeVisible({ timeout: 180_000 });
  expect(asked.reduce((sum, query) => sum + points(query), 0)).toBe(3 * 24 * 60 + JUDGED);
});

test("a source that fails over the past alone is judged, and says so", async ({ page, workbench, demo }) => {
  const asked = rangeQueries(page);
  await page.route("**/query_range", (route) =>
    asked.length > 1
      ? route.fulfill({
          status: 503,
          contentType: "application/json",
          body: JSON.stringify({ status: "error", errorType: "timeout", error: "query timed out" }),
        })
      : route.continue(),
  );
  await workbench.open({ q: DHCP, detector: "rolling" }, demo.url);
  await expect(page.getByText(/training window limited to 12 h 30 min.*query timed out/)).toBeVisible();
  await expect(workbench.headline).toHaveText(/spike to/);
  await expect(workbench.alert).toHaveCount(0);
});

// Small things that hurt: what moves, what is cut off, and what is not said.

import { expect, test } from "../support/fixtures.ts";
import { colours, pixels } from "../support/png.ts";

test("the chart stays where it is while one zooms", async ({ page, workbench }) => {
  for (const width of [1440, 375]) {
    await page.setViewportSize({ width, height: 900 });
    await workbench.open({ q: "queue_depth" });
    const place = () => workbench.chart.evaluate((chart) => chart.getBoundingClientRect().top + scrollY);
    const before = await place();
    await workbench.rows.first().getByRole("button").first().click();
    await expect(workbench.button("Reset zoom")).toBeVisible();
    expect(await place(), `${width} pixels`).toBe(before);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  }
});

test("on a phone the events stand above the settings", async ({ page, workbench }) => {
  await page.setViewportSize({ width: 375, height: 800 });
  await workbench.open({ q: "queue_depth" });
  const top = async (name: string) => (await page.getByRole("region", { name }).first().boundingBox())?.y ?? 0;
  expect(await top("Results")).toBeGreaterThan(await top("Chart"));
  expect(await top("Detector")).toBeGreaterThan(await top("Results"));
});

test("a range is typed in the zone that is shown, and a change of clocks names both zones", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth", tz: "local", from: "2026-03-28T23:00:00Z", to: "2026-03-29T04:00:00Z" });
  const range = page.getByRole("button", { name: "Mar 29 00:00 UTC+01:00 to Mar 29 06:00 UTC+02:00" });
  await expect(range).toBeVisible();
  await range.click();
  await expect(page.getByLabel("From (browser time)")).toHaveValue("2026-03-29 00:00:00");
  await expect(page.getByLabel("To (browser time)")).toHaveValue("2026-03-29 06:00:00");
  await page.getByLabel("To (browser time)").fill("2026-03-29 05:00");
  await workbench.answer(() => workbench.button("Apply").click());
  expect((await workbench.parameters()).get("to")).toBe("2026-03-29T03:00:00Z");
});

test("a source that does not answer is waited for in words", async ({ page, workbench }) => {
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route("**/api/v1/**", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto("/?q=queue_depth");
  await expect(page.getByRole("status").filter({ hasText: /^Waiting for .* to answer\. Press Cancel to stop waiting\.$/ })).toBeVisible();
  answer();
  await workbench.settled();
});

test("below an error the page does not say that nothing was asked", async ({ page, workbench }) => {
  await workbench.open({ q: "rate(" });
  await expect(workbench.alert).toContainText("Invalid query");
  await expect(page.getByRole("heading", { name: "No data queried yet" })).toHaveCount(0);
});

test("an unknown metric comes with those that were probably meant", async ({ page, workbench }) => {
  await workbench.open({ q: "avg(queue_dept) > 1" });
  await expect(page.getByRole("status").filter({ hasText: "The source has no metric named queue_dept. Did you mean:" })).toBeVisible();
  await workbench.answer(() => workbench.button("queue_depth").click());
  await expect(workbench.editor).toHaveText("avg(queue_depth) > 1");
  await expect(workbench.headline).toHaveText(/spike to 60/);
});

test("a chart that cannot be drawn says why", async ({ page, workbench }) => {
  await page.route("**/plotly.min*.js", (route) => route.fulfill({ contentType: "text/javascript", body: "" }));
  await page.goto("/?q=queue_depth");
  await expect(workbench.alert).toContainText("The chart cannot be drawn: Plotly is not defined.");
  await expect(workbench.rows.first()).toContainText(/spike/i);
});

test("values too small to tell apart are drawn at one height", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth * 5e-324 * 0.2", range: "1h" });
  await expect(page.locator(".nsewdrag").first()).toBeVisible();
  await expect(page.getByText(/cannot be drawn/)).toHaveCount(0);
});

test("paper holds the chart above the report", async ({ page, workbench }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await workbench.open({ q: "queue_depth", tab: "report" });
  await page.evaluate("window.printed = 0; window.print = () => { window.printed += 1; }");
  await workbench.button("Print").click();
  await expect.poll(() => page.evaluate("window.printed")).toBe(1);
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  const chart = page.getByRole("img", { name: "Chart" });
  await expect(chart).toBeVisible();
  const bytes = Buffer.from((await chart.getAttribute("src"))?.split(",")[1] ?? "", "base64");
  expect(await colours(page, bytes)).toBeGreaterThan(50);
  expect(await pixels(page, bytes, [5, 5, 1, 1]), "white paper").toEqual([0xffffffff]);
});

// Many series at a glance: strip, list, table and incident of sixty series.

import { expect, test as base } from "../support/fixtures.ts";
import { fleet, SPIKED } from "../support/fleet.ts";
import { startOddity } from "../support/oddity.ts";
import { startPrometheusWith } from "../support/prometheus.ts";
import type { Server } from "../support/server.ts";

const END = Math.floor(Date.now() / 60_000) * 60;

const test = base.extend<object, { many: Server }>({
  many: [
    async ({}, use) => {
      const prometheus = await startPrometheusWith(fleet(END));
      const oddity = await startOddity({ PROMETHEUS_URL: prometheus.url });
      await use(oddity);
      await oddity.stop();
      await prometheus.stop();
    },
    { scope: "worker", timeout: 240_000 },
  ],
});

const VIEW = { q: "fleet_latency_seconds", range: "6h", detector: "rolling" };

test.beforeEach(async ({ page, workbench, many }) => {
  await page.clock.setFixedTime(END * 1000);
  await workbench.open(VIEW, many.url);
});

test("the strip shows all series and a click leads to one of them", async ({ page, workbench }) => {
  const strip = page.getByRole("img", { name: /^Severity of 60 series over time: \d+ have events/ });
  await expect(strip).toBeVisible();
  const box = await strip.boundingBox();
  if (box === null) throw new Error("the strip is not drawn");
  // The time axis is that of the chart: 60 pixels to the left of it, 14 to the right.
  const x = 60 + ((6 * 3600 - 3300) / (6 * 3600)) * (box.width - 74);
  const last = (box.height * 15.5) / 60;
  await strip.hover({ position: { x, y: last } });
  await expect(page.getByRole("region", { name: "All series over time" })).toContainText(/job="api", pod="api-.*: spike to 5/);
  await strip.click({ position: { x, y: last } });
  await expect.poll(async () => (await workbench.parameters()).get("series")).toMatch(/job="api"/);
  expect((await workbench.parameters()).get("zoom")).not.toBeNull();
  await expect(workbench.rows.and(page.locator(".selected"))).toHaveCount(1);
});

test("series are filtered and sorted", async ({ workbench, page }) => {
  const list = workbench.series;
  const items = list.getByRole("listitem");
  await expect(items.first()).toContainText("api-");
  await expect(items.first()).toHaveAttribute("aria-setsize", "60");
  // Only some of them exist.
  expect(await items.count()).toBeLessThan(40);
  await list.getByLabel("Order of series").selectOption("By label");
  await expect(items.first()).toContainText("api-7c9f5b-00");
  await list.getByLabel("Filter series").fill("web zone=\"a\"");
  await expect(list.getByRole("status")).toHaveText("10 of 60 series");
  await expect(items).toHaveCount(10);
  await expect(page.getByRole("img", { name: /^Severity of 60 series/ })).toBeVisible();
  await items.last().getByRole("button").click();
  await expect.poll(async () => (await workbench.parameters()).get("series")).toContain('pod="web-7c9f5b-18"');
  await list.getByLabel("Filter series").fill("");
  // The list scrolls, and the rows follow.
  await list.locator(".rows").evaluate((rows) => rows.scrollTo(0, rows.scrollHeight));
  await expect(items.last()).toHaveAttribute("aria-posinset", "60");
});

test("an incident says which labels explain it, and a click filters the query", async ({ workbench, page }) => {
  const head = page.getByRole("button", { name: new RegExp(`^${SPIKED} of 20 series of job="api"`) });
  await head.click();
  const labels = page.getByRole("listitem").filter({ hasText: "odd series" });
  await expect(labels.first()).toContainText('{job="api"}');
  await expect(labels.first()).toContainText("16 of 16 odd series, 4 of 44 others");
  await workbench.answer(() => labels.first().getByRole("button", { name: "Filter query" }).click());
  await expect(workbench.editor).toHaveText('fleet_latency_seconds{job="api"}');
  await expect(workbench.series.getByRole("status")).toHaveText("20 series");
});

test("events are filtered, sorted and exported as CSV", async ({ workbench, page }) => {
  const count = await workbench.events();
  await page.getByLabel("Filter events").fill("api spike");
  await page.getByLabel("Severity", { exact: true }).selectOption("Warning or worse");
  await page.getByLabel("Order of events").selectOption("By label");
  const { name, bytes } = await workbench.download("Export CSV");
  expect(name).toMatch(/^oddity-fleet-latency-seconds-.*\.csv$/);
  const [header, ...lines] = bytes.toString().trimEnd().split("\r\n");
  expect(header).toBe(
    "start,end,ongoing,kind,direction,severity,level,incident,series,value,expected,lower,upper,score,unit,reason",
  );
  expect(lines.length).toBeGreaterThanOrEqual(SPIKED);
  expect(lines.length).toBeLessThanOrEqual(count);
  for (const line of lines) {
    expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00Z,\d{4}-\d\d-\d\dT\d\d:\d\d:00Z,(true|false),spike,up,/);
    expect(line).toContain('"fleet_latency_seconds{job=""api"", pod=""api-');
  }
  await page.getByLabel("Filter events").fill("nothing like it");
  await expect(page.getByRole("tabpanel")).toContainText("No event matches the filter.");
  await page.getByRole("button", { name: "Show all events" }).click();
  await expect(workbench.rows).not.toHaveCount(0);
  await expect(page.getByLabel("Filter events")).toHaveValue("");
});

// `oddity detect`: the numbers of the page, and a chart that needs nothing but a browser.

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "@playwright/test";
import { expect, test } from "../support/fixtures.ts";
import { startOddity } from "../support/oddity.ts";

/** What server and command line have in common: when the events of the demo begin. */
const DEMO = { ODDITY_DEMO_ANCHOR: "2026-01-15T07:00:00Z" };
const TIMES = { from: "2026-01-14T12:00:00Z", to: "2026-01-15T12:00:00Z" };

interface Found {
  status: string;
  event_count: number;
  events: { kind: string; level: string; severity: number; onset: { expected: number }; peak: { value: number } }[];
}

/** A report without the time at which it was written. */
const lasting = (report: string) => report.replace(/^- \*\*Generated:\*\* .*$/m, "");

test("the report of the command line is that of the page, to the letter", async ({ workbench, detect }) => {
  test.slow();
  const server = await startOddity(DEMO);
  try {
    for (const [q, more] of [
      ["rate(dhcp_lease_count[5m]) * 60", {}],
      ["rate(dhcp_lease_count[5m]) * 60", { detector: "rolling", window: "90", k: "5", step: "2m" }],
      ['cache_hit_ratio{shard=~"4."}', {}],
      ["up", {}],
      ["queue_depth", { exclude: "2026-01-14T13:00:00Z/2026-01-14T14:00:00Z" }],
      ["ntp_offset_seconds", {}],
    ] as const) {
      const parameters = { q, ...TIMES, ...more };
      await workbench.open(parameters, server.url);
      const events = await workbench.events();
      await workbench.tab("Report").click();
      const page = (await workbench.download("Download .md")).bytes.toString("utf8");

      const link = `${server.url}/?${new URLSearchParams(parameters)}`;
      const run = await detect(["--link", link, "--link-base", `${server.url}/`, "--report", "found.json"], DEMO);
      expect(run.stderr).toBe("");
      expect(run.status, q).toBe(events > 0 ? 3 : 0);
      expect(lasting(run.stdout)).toBe(lasting(page));

      const found = JSON.parse(await run.file("found.json")) as Found;
      expect(found.event_count).toBe(events);
      expect(found.events).toHaveLength(events);
      expect(found.status).toBe(events > 0 ? "odd" : "normal");
      for (const { level, severity } of found.events) expect(page).toMatch(new RegExp(`${level} \\(?${Math.round(severity)}\\b`));
    }
  } finally {
    await server.stop();
  }
});

test("a real Prometheus gives the same to both", async ({ workbench, prometheus, oddity, detect }) => {
  const { spike } = prometheus.data;
  const time = (seconds: number) => new Date(seconds * 1000).toISOString().replace(".000", "");
  const parameters = { q: "queue_depth", from: time(spike.start - 6 * 3600), to: time(spike.start + 3600) };
  await workbench.open({ ...parameters, detector: "rolling" });
  await expect(workbench.headline).toHaveText(/spike to 60/);
  const row = await workbench.row(0);
  const run = await detect(
    ["--query", "queue_depth", "--detector", "rolling", "--format", "json", "--from", parameters.from, "--to", parameters.to],
    { PROMETHEUS_URL: prometheus.url },
  );
  expect(run.status).toBe(3);
  const found = JSON.parse(run.stdout) as Found;
  expect(found.event_count).toBe(await workbench.events());
  expect(found.events[0]?.kind).toBe("spike");
  expect(found.events[0]?.peak.value).toBe(row.value);
  expect(found.events[0]?.onset.expected).toBeCloseTo(row.expected, 1);

  await workbench.tab("Report").click();
  const page = (await workbench.download("Download .md")).bytes.toString("utf8");
  const link = `?${new URLSearchParams({ ...parameters, detector: "rolling" })}`;
  const again = await detect(["--link", link, "--link-base", `${oddity.url}/`], { PROMETHEUS_URL: prometheus.url });
  expect(lasting(again.stdout)).toBe(lasting(page));
});

/** The chart of a run, opened from the disk by a browser without a network. */
async function opened(browser: Browser, html: string, colorScheme: "light" | "dark" = "light", width = 1440) {
  const context = await browser.newContext({ offline: true, colorScheme, viewport: { width, height: 900 } });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => faults.push(message.text()));
  page.on("dialog", (dialog) => void dialog.dismiss().then(() => faults.push(`opened a dialog: ${dialog.message()}`)));
  page.on("request", (request) => {
    if (!request.url().startsWith("file:")) faults.push(`asked ${request.url()}`);
  });
  await page.goto(pathToFileURL(html).href);
  await expect(page.locator(".chart .main-svg").first()).toBeVisible();
  return { page, faults, close: () => context.close() };
}

/** What Plotly keeps of a chart. */
interface Drawn {
  _fullLayout: { xaxis: { range: unknown[] } };
}

const marks = (page: Page) => page.locator(".scatterlayer .points path.point");

test("the chart opens without a network, with band, marks and events", async ({ browser, detect }) => {
  const run = await detect(
    ["--query", "rate(dhcp_lease_count[5m]) * 60", "--from", TIMES.from, "--to", TIMES.to, "--chart", "chart.html", "--quiet"],
    DEMO,
  );
  expect(run).toMatchObject({ status: 3, stdout: "", stderr: "" });
  for (const [scheme, ground, width] of [
    ["light", "rgb(255, 255, 255)", 1440],
    ["dark", "rgb(25, 32, 42)", 375],
  ] as const) {
    const { page, faults, close } = await opened(browser, run.path("chart.html"), scheme, width);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(/spike to 37/);
    await expect(page).toHaveTitle(/^DHCP lease rate spike/);
    const figure = page.getByRole("img", { name: /spike to 37/ });
    await expect(figure.locator(".textpoint")).toHaveText("1: spike");
    expect(await marks(page).count()).toBeGreaterThan(5);
    await expect(figure.locator(".scatterlayer .js-fill").first()).toBeVisible();
    const row = page.getByRole("row", { name: /▲ critical/ });
    await expect(row).toContainText("standard deviations above");
    expect(await page.locator("figure").evaluate((figure) => getComputedStyle(figure).backgroundColor)).toBe(ground);
    // Nothing is wider than the window, and the name of the event is inside of it.
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    const name = await figure.locator(".textpoint").boundingBox();
    expect((name?.x ?? width) + (name?.width ?? 0)).toBeLessThanOrEqual(width);
    // The pointer tells what is known of a sample.
    const plot = await figure.locator(".nsewdrag").first().boundingBox();
    if (plot === null) throw new Error("no plot");
    await page.mouse.move(plot.x + plot.width / 2, plot.y + plot.height / 2);
    await expect(figure.locator(".hoverlayer")).toContainText("expected");
    // What is zoomed stays so while the window changes its width, and a double click shows all again.
    const shown = () => figure.evaluate((chart) => (chart as unknown as Drawn)._fullLayout.xaxis.range.join(" "));
    const all = await shown();
    await page.mouse.down();
    await page.mouse.move(plot.x + plot.width * 0.6, plot.y + plot.height / 2, { steps: 4 });
    await page.mouse.up();
    await expect.poll(shown, "the chart is zoomed").not.toEqual(all);
    const zoomed = await shown();
    for (const step of [40, 80, 0]) await page.setViewportSize({ width: width + step, height: 900 });
    await expect(figure.locator(".main-svg").first()).toHaveAttribute("width", `${await figure.evaluate((chart) => chart.clientWidth)}`);
    expect(await shown()).toEqual(zoomed);
    // On a slow machine two clicks may come too far apart to be a double click.
    await expect(async () => {
      await page.mouse.dblclick(plot.x + plot.width / 2, plot.y + plot.height / 2);
      expect(await shown(), "all is shown again").toEqual(all);
    }).toPass();
    expect(faults).toEqual([]);
    await close();
  }
});

test("labels of strangers are text in the chart, and its policy stops what is not", async ({ browser, prometheus, detect }) => {
  const hostile = `</script><script>alert(1)</script><img src=x onerror=alert(2)><a href='javascript:alert(3)'>x</a>&<data>`;
  const query = `label_replace(queue_depth, "queue", ${JSON.stringify(hostile)}, "", "")`;
  const { spike } = prometheus.data;
  const run = await detect(
    ["--query", query, "--from", String(spike.start - 6 * 3600), "--to", String(spike.start + 3600), "--chart", "chart.html"],
    { PROMETHEUS_URL: prometheus.url },
  );
  expect(run.status).toBe(3);
  const { page, faults, close } = await opened(browser, run.path("chart.html"));
  expect(await marks(page).count()).toBeGreaterThan(0);
  await expect(page.getByText(hostile).first()).toBeVisible();
  expect(await page.locator("img, iframe, object, embed, base, a[href^=javascript]").count()).toBe(0);
  expect(await page.locator("script").count()).toBe(3);
  expect(faults).toEqual([]);
  // A script that got in all the same would not run.
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.inlined = true";
    document.body.append(script);
  });
  expect(await page.evaluate(() => "inlined" in window)).toBe(false);
  expect(await readFile(run.path("chart.html"), "utf8")).not.toContain("</script><script>alert");
  await close();
});

// A source greets with what it has: metrics, alerts and rules to begin with.

import { expect, test } from "../support/fixtures.ts";
import { startOddity } from "../support/oddity.ts";
import { startPrometheusWith } from "../support/prometheus.ts";

/** Milliseconds in which a Prometheus has scraped itself. */
const SCRAPED_MS = 60_000;

test("each type of metric gets its query", async ({ page, workbench }) => {
  const scrape = (address: string) =>
    `scrape_configs:\n- job_name: self\n  scrape_interval: 1s\n  static_configs:\n  - targets: ['${address}']\n`;
  const prometheus = await startPrometheusWith(["# EOF\n"], scrape);
  const oddity = await startOddity({ PROMETHEUS_URL: prometheus.url });
  const scraped = async () => {
    const answer = await fetch(`${prometheus.url}/api/v1/label/__name__/values`);
    return JSON.stringify(await answer.json());
  };
  await expect.poll(scraped, { timeout: SCRAPED_MS }).toContain("prometheus_http_request_duration_seconds_bucket");
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));

  await workbench.open({}, oddity.url);
  const metrics = page.getByRole("region", { name: "Metrics" });
  const search = metrics.getByRole("searchbox");
  await expect(metrics.getByRole("status")).toHaveText(/^\d+ metrics$/);
  // Groups are closed while there are many.
  await expect(metrics.getByRole("group").filter({ hasText: "prometheus" })).toBeVisible();
  const runs = async (words: string, name: string, query: string | RegExp) => {
    await search.fill(words);
    await workbench.answer(() => metrics.getByRole("button", { name }).first().click());
    await expect(workbench.editor).toHaveText(query);
    await page.goBack();
    await expect(search).toBeVisible();
  };
  await runs(
    "latencies requests",
    "prometheus_http_request_duration_seconds",
    "histogram_quantile(0.99, sum by (le) (rate(prometheus_http_request_duration_seconds_bucket[5m])))",
  );
  await runs("go_gc_duration", "go_gc_duration_seconds summary", "go_gc_duration_seconds");
  await runs("samples_appended", "prometheus_tsdb_head_samples_appended_total", /^rate\(prometheus_tsdb_head_samples_appended_total\[5m\]\)$/);
  await runs("goroutines", "go_goroutines gauge", "go_goroutines");

  await metrics.getByLabel("Job").selectOption("self");
  await expect(metrics.getByRole("status")).toHaveText(/ metrics$/);
  await search.fill("goroutines");
  await expect(metrics.getByRole("button", { name: "go_goroutines" })).toHaveAttribute("title", 'Run go_goroutines{job="self"}');
  await search.fill("no such metric");
  await expect(metrics.getByRole("status")).toHaveText(/^None of \d+ metrics match\.$/);

  // The completion of the editor asks for nothing that the page has asked for.
  await workbench.type("go_gor");
  await expect(page.getByRole("option", { name: /go_goroutines/ })).toBeVisible();
  expect(asked.filter((path) => path.endsWith("/metadata"))).toHaveLength(1);
  await oddity.stop();
  await prometheus.stop();
});

test("ten thousand metrics are searched without a wait", async ({ page, workbench }) => {
  const count = 10_000;
  function* samples() {
    const time = Math.floor(Date.now() / 1000) - 600;
    for (let index = 0; index < count; index += 1) yield `svc${index % 250}_metric_${index} 1 ${time}\n`;
    yield "# EOF\n";
  }
  const prometheus = await startPrometheusWith(samples());
  const oddity = await startOddity({ PROMETHEUS_URL: prometheus.url });
  await workbench.open({}, oddity.url);
  const metrics = page.getByRole("region", { name: "Metrics" });
  await expect(metrics.getByRole("status")).toHaveText("10,000 metrics");
  await expect(metrics.getByRole("group")).toHaveCount(100);
  await expect(metrics).toContainText("150 more groups. Type to narrow the search.");
  await expect(metrics.getByRole("button")).toHaveCount(0);
  await metrics.getByRole("searchbox").fill("metric_4321");
  await expect(metrics.getByRole("status")).toHaveText("1 of 10,000 metrics");
  await expect(metrics.getByRole("button", { name: "svc71_metric_4321" })).toBeVisible();
  await oddity.stop();
  await prometheus.stop();
});

test("an alert of the source opens its expression", async ({ page, workbench }) => {
  await workbench.open();
  const rules = page.getByRole("region", { name: "Alerts and rules" });
  await expect(rules.getByRole("button")).toHaveCount(2);
  await expect(rules.getByRole("button", { name: "queue:queue_depth:max" })).toContainText("recording rule");
  await page.getByRole("searchbox").fill("queuelong");
  await expect(rules.getByRole("button")).toHaveCount(1);
  await workbench.answer(() => rules.getByRole("button", { name: "MailQueueLong" }).click());
  await expect(workbench.editor).toHaveText("queue_depth > 50");
  await expect(workbench.headline).toHaveText(/spike to 60/);
});

test("the demo shows its examples alone", async ({ page, workbench, demo }) => {
  await workbench.open({}, demo.url);
  await expect(page.getByRole("heading", { name: "Examples" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Metrics" })).toHaveCount(0);
});

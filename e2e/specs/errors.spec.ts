// What goes wrong says what to change, takes nothing away that was shown, and is never an empty result.

import { expect, test } from "../support/fixtures.ts";
import { startOddity } from "../support/oddity.ts";
import { startPrometheus } from "../support/prometheus.ts";
import { freePort } from "../support/server.ts";

const SPIKE = /spike to 60/;
const EMPTY = "Empty query result";

test("a syntax error is underlined and the chart stays", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth" });
  await expect(workbench.headline).toHaveText(SPIKE);
  const response = await workbench.run("rate(queue_depth[5m]");
  const { error } = (await response.json()) as { error: string };
  expect(error).toContain("parse error");

  await expect(workbench.alert).toContainText("Invalid query");
  await expect(workbench.alert).toContainText(error.slice(error.indexOf("parse error:") + 12).trim());
  await expect(workbench.editor).toHaveAttribute("aria-invalid", "true");
  await expect(page.locator(".cm-lintRange-error")).toBeVisible();
  await expect(workbench.editor).toHaveText("rate(queue_depth[5m]");
  await expect(workbench.headline).toHaveText(SPIKE);

  await workbench.run("queue_depth");
  await expect(workbench.alert).toHaveCount(0);
  await expect(workbench.editor).toHaveAttribute("aria-invalid", "false");
});

test("a Prometheus that is not there is no empty result", async ({ page, workbench }) => {
  const oddity = await startOddity({ PROMETHEUS_URL: `http://127.0.0.1:${await freePort()}` });
  try {
    await workbench.open({}, oddity.url);
    await workbench.run("queue_depth");
    await expect(workbench.alert).toContainText("Source unavailable");
    await expect(workbench.alert.getByRole("button", { name: "Try again" })).toBeVisible();
    await expect(page.getByText(EMPTY)).toHaveCount(0);
  } finally {
    await oddity.stop();
  }
});

test("what was shown stays when Prometheus goes away", async ({ page, workbench }) => {
  const prometheus = await startPrometheus();
  const oddity = await startOddity({ PROMETHEUS_URL: prometheus.url });
  try {
    await workbench.open({ q: "queue_depth" }, oddity.url);
    await expect(workbench.headline).toHaveText(SPIKE);
    await prometheus.stop();
    await workbench.answer(() => workbench.button("Run").click());
    await expect(workbench.alert).toContainText("Source unavailable");
    await expect(workbench.headline).toHaveText(SPIKE);
    await expect(workbench.rows).toHaveCount(1);
    await expect(page.getByText(EMPTY)).toHaveCount(0);
  } finally {
    await prometheus.stop();
    await oddity.stop();
  }
});

test("an empty result is no error", async ({ page, prometheus, workbench }) => {
  await workbench.open();
  await workbench.run(prometheus.data.empty);
  await expect(page.getByRole("heading", { name: EMPTY })).toBeVisible();
  await expect(workbench.alert).toHaveCount(0);
  await expect(page.getByRole("tab"), "no data is not nothing odd").toHaveCount(0);
  await expect(workbench.button("Save PNG")).toBeDisabled();
});

test("a link to an unknown source names it", async ({ page, workbench }) => {
  await page.goto("/?q=queue_depth&source=nope");
  await expect(workbench.alert).toContainText('unknown source "nope"');
  await expect(page.getByText(EMPTY)).toHaveCount(0);
});

test("what a link says wrongly is named and the rest of it holds", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth", detector: "rolling", window: "abc", k: "-1", for: "2" });
  await expect(page.getByText("window=abc")).toBeVisible();
  await expect(page.getByText("k=-1")).toBeVisible();
  await expect(workbench.headline).toHaveText(SPIKE);
  await expect(workbench.valueOf("Sensitivity")).toHaveText("4 σ");
  await expect(workbench.valueOf("Window")).toHaveText("1 h · 60");
  await expect(workbench.valueOf("Minimum duration")).toHaveText("2 min · 2");
});

test("too many samples are not asked for", async ({ page, workbench }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto("/?q=queue_depth&range=30d&step=1s");
  await expect(workbench.alert).toContainText(/shorten the range or select a step of \d\S+ or more/);
  expect(asked.filter((url) => url.endsWith("/query_range"))).toEqual([]);
});

test("cancelling a slow query keeps what was shown", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth" });
  await page.route("**/query_range", () => {
    // Never answered.
  });
  await workbench.type("e2e_requests_total");
  await page.keyboard.press("ControlOrMeta+Enter");
  await workbench.button("Cancel").click();
  await workbench.settled();
  await expect(workbench.headline).toHaveText(SPIKE);
  await expect(page.locator("main.stale")).toHaveCount(0);
  await expect(workbench.alert).toHaveCount(0);
  await expect(workbench.editor).toHaveText("e2e_requests_total");
  await expect(page.getByText("The results below are for queue_depth")).toBeVisible();

  await page.unroute("**/query_range");
  await workbench.answer(() => workbench.button("Run").click());
  await expect(workbench.headline).not.toHaveText(SPIKE);
});

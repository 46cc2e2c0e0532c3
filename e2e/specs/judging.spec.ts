// Many long series are judged beside the page, which stays usable, says how far it is, and can be told to stop.

import type { Page } from "@playwright/test";
import { expectAccessible } from "../support/axe.ts";
import { CROWD, startCrowd } from "../support/crowd.ts";
import { expect, test as base } from "../support/fixtures.ts";
import { startOddity } from "../support/oddity.ts";

const SERIES = 100;
const WEEK = 7 * 24 * 3600;

interface Crowd {
  /** Environment of a server and of the command line. */
  env: Record<string, string>;
  url: string;
  /** What the tests ask: a week at one minute. */
  parameters: Record<string, string>;
}

const test = base.extend<object, { crowd: Crowd }>({
  crowd: [
    async ({}, use) => {
      const end = Math.floor(Date.now() / 60_000) * 60 - 3600;
      const source = await startCrowd(SERIES, end);
      const env = { PROMETHEUS_URL: source.url };
      const oddity = await startOddity(env);
      const time = (seconds: number) => new Date(seconds * 1000).toISOString().replace(".000", "");
      const parameters = { q: CROWD, from: time(end - WEEK), to: time(end), step: "1m" };
      await use({ env, url: oddity.url, parameters });
      await oddity.stop();
      await source.stop();
    },
    { scope: "worker", timeout: 240_000 },
  ],
});

/** Workers that start when they may: until then no series is judged. */
async function holdWorkers(page: Page): Promise<() => void> {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**/worker.js", async (route) => {
    await released;
    await route.continue();
  });
  return release;
}

const link = ({ url, parameters }: Crowd) => `${url}/?${new URLSearchParams(parameters)}`;

/** A report without the time at which it was written. */
const lasting = (report: string) => report.replace(/^- \*\*Generated:\*\* .*$/m, "");

test("the page is usable while workers judge, and finds what the command line finds", async ({ page, workbench, detect, crowd }) => {
  test.slow();
  const release = await holdWorkers(page);
  await page.goto(link(crowd));
  const progress = page.getByText(`0 of ${SERIES} series judged`);
  await expect(progress).toBeVisible();
  await expect(workbench.button(`Cancel 0/${SERIES}`)).toBeVisible();
  // The values are there before they are judged.
  await expect(page.getByRole("region", { name: "Values, not judged yet" }).locator("path")).toHaveAttribute("d", /^M[\d.,L]{1000,}$/);

  // A key and a click are handled, and what they lead to is drawn.
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(progress).toBeVisible();

  release();
  await workbench.settled();
  await expect(page.getByText("series judged")).toHaveCount(0);
  expect(await workbench.events()).toBeGreaterThan(0);
  await workbench.tab("Report").click();
  const report = (await workbench.download("Download .md")).bytes.toString("utf8");
  const run = await detect(["--link", link(crowd), "--link-base", `${crowd.url}/`], crowd.env);
  expect(run.status).toBe(3);
  expect(lasting(run.stdout)).toBe(lasting(report));
});

test("the progress and a cancelled judging: no violation", async ({ page, workbench, crowd }) => {
  test.slow();
  await holdWorkers(page);
  await page.goto(link(crowd));
  await expect(page.getByText("series judged")).toBeVisible();
  await expectAccessible(page);
  await workbench.button("Cancel judging").click();
  await expect(page.getByText("Judging cancelled")).toBeVisible();
  await expectAccessible(page);
});

test("judging can be cancelled and taken up again", async ({ page, workbench, crowd }) => {
  test.slow();
  const release = await holdWorkers(page);
  await page.goto(link(crowd));
  await workbench.button("Cancel judging").click();
  await expect(page.getByText("Judging cancelled")).toBeVisible();
  await expect(page.getByText("series judged")).toHaveCount(0);
  await expect(workbench.editor).toHaveText(CROWD);
  // No result is none, not one without anomalies.
  await expect(workbench.headline).toHaveCount(0);

  release();
  const requests = await workbench.requestsDuring(async () => {
    await workbench.button("Judge again").click();
    await workbench.settled();
  });
  expect(requests.filter((request) => request.includes("query_range"))).toEqual([]);
  await expect(page.getByText("Judging cancelled")).toHaveCount(0);
  const events = await workbench.events();
  expect(events).toBeGreaterThan(0);

  // A slider that judges all series again: the results of the last position stay.
  await workbench.choose("Rolling band");
  await workbench.settled();
  await expect(page.getByRole("region", { name: "Chart" })).toContainText("Detector: rolling band");
});

test("a page without workers judges the same itself", async ({ page, workbench, crowd }) => {
  test.slow();
  const results: string[] = [];
  for (const broken of [true, false]) {
    await page.unrouteAll();
    if (broken) await page.route("**/worker.js", (route) => route.abort());
    await page.goto(link({ ...crowd, parameters: { ...crowd.parameters, detector: "rolling" } }));
    await workbench.settled();
    expect(await workbench.events()).toBeGreaterThan(0);
    await workbench.tab("Report").click();
    results.push(lasting((await workbench.download("Download .md")).bytes.toString("utf8")));
  }
  expect(results[0]).toBe(results[1]);
});

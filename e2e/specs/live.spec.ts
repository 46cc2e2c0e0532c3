// A range that ends now: what is fetched again and when, what stays, and what is told when something is odd.

import type { Page, Request } from "@playwright/test";
import { expect, test } from "../support/fixtures.ts";

/** The last hour at a step of five seconds, so that a refresh is due soon. */
const LIVE = { q: "queue_depth", range: "1h", step: "5s", refresh: "5s" };

const isRangeQuery = (request: Request) => request.url().endsWith("/query_range");

/** Seconds that a range query asks for. */
function asked(request: Request): { start: number; end: number } {
  const form = new URLSearchParams(request.postData() ?? "");
  return { start: Number(form.get("start")), end: Number(form.get("end")) };
}

/** Lets the page believe that nobody sees it, or that somebody does. */
const hide = (page: Page, hidden: boolean) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  }, hidden);

test("only what is new is fetched, and what one looks at stays", async ({ page, workbench }) => {
  await workbench.open({ ...LIVE, range: "3h", step: "1m" });
  await expect(page.getByRole("combobox", { name: "Refresh" })).toHaveValue("5s");
  await workbench.rows.first().getByRole("button").first().click();
  await workbench.button("Explain").first().click();
  await expect(page.getByRole("heading", { name: "Observed" })).toBeVisible();
  const { zoom } = Object.fromEntries(await workbench.parameters());
  expect(zoom).toBeDefined();
  await workbench.editor.click();

  // The step is a minute, so it takes one.
  const request = await page.waitForRequest(isRangeQuery, { timeout: 120_000 });
  const { start, end } = asked(request);
  expect(end - start, "a few steps").toBeLessThan(15 * 60);
  await (await request.response())?.finished();
  await expect(page.getByText(/^Updated (just now|\d+ s ago)$/)).toBeVisible();
  await expect(page.getByRole("heading", { name: "Observed" })).toBeVisible();
  await expect(page.locator("tr.selected")).toHaveCount(1);
  await expect(workbench.editor).toBeFocused();
  expect((await workbench.parameters()).get("zoom")).toBe(zoom);
});

test("the title and the icon tell that something is odd now", async ({ page, workbench }) => {
  await workbench.open({ ...LIVE, detector: "threshold", upper: "5" });
  await expect(page).toHaveTitle("(1) odd now - Oddity");
  const icon = page.locator("link[rel=icon]");
  await expect(icon).toHaveAttribute("href", /^data:/);
  await page.getByRole("combobox", { name: "Refresh" }).selectOption("Refresh off");
  await expect(page).toHaveTitle("Oddity");
  await expect(icon).toHaveAttribute("href", /icon.*svg$/);
  expect((await workbench.parameters()).has("refresh")).toBe(false);
});

test("a hidden page asks nothing and catches up when it is shown", async ({ page, workbench }) => {
  await page.clock.install();
  await workbench.open(LIVE);
  await hide(page, true);
  const hidden = await workbench.requestsDuring(() => page.clock.fastForward("10:00"));
  expect(hidden.filter((request) => request.includes("query_range"))).toEqual([]);
  const caughtUp = page.waitForRequest(isRangeQuery);
  await hide(page, false);
  await caughtUp;
});

test("a link to a fixed range is not refreshed", async ({ page, prometheus, workbench }) => {
  const { now } = prometheus.data;
  await page.clock.install();
  await workbench.open({ ...LIVE, from: String(now - 3600), to: String(now) });
  await expect(page.getByRole("combobox", { name: "Refresh" })).toBeDisabled();
  expect(await workbench.requestsDuring(() => page.clock.runFor("00:30"))).toEqual([]);
});

test("a refresh that fails keeps what is shown and says when it is tried again", async ({ page, workbench }) => {
  await workbench.open(LIVE);
  const headline = await workbench.headline.innerText();
  await page.route("**/query_range", (route) => route.abort());
  const failed = page.getByRole("status").filter({ hasText: "Refresh failed: cannot reach the Oddity server" });
  await expect(failed).toBeVisible();
  await expect(page.getByText(/^Next try in /)).toBeVisible();
  await expect(workbench.headline).toHaveText(headline);
  await expect(workbench.alert).toHaveCount(0);
  await page.unroute("**/query_range");
  await expect(failed).toBeHidden();
});

test("the browser tells new events from the chosen severity on", async ({ context, page, workbench }) => {
  await context.grantPermissions(["notifications"]);
  await page.addInitScript(() => {
    const told: string[] = [];
    class Recorded {
      static permission = "granted";
      static requestPermission = async () => "granted";
      constructor(title: string, { body }: { body: string }) {
        told.push(`${title}\n${body}`);
      }
    }
    Object.assign(window, { told, Notification: Recorded });
  });
  await workbench.open({ ...LIVE, detector: "threshold", upper: "100" });
  await page.getByRole("combobox", { name: "Notifications of the browser" }).selectOption("Notify: all events");
  // From now on the queue is as long as it never was.
  await page.route("**/query_range", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replaceAll(/"(9|10|11)[.\d]*"\]/g, '"500"]') });
  });
  const told = () => page.evaluate(() => (window as unknown as { told: string[] }).told);
  await expect.poll(told).toHaveLength(1);
  expect((await told())[0]).toMatch(/500[^]*queue_depth[^]*Since [^]*Severity: /);
  await expect(page).toHaveTitle("(1) odd now - Oddity");
});

test("times before now are typed", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth" });
  await page.getByRole("combobox", { name: "Range" }).selectOption("fixed");
  await page.getByLabel("From (UTC)").fill("now-3h");
  await page.getByLabel("To (UTC)").fill("now");
  await workbench.answer(() => workbench.button("Apply").click());
  await expect(page.getByRole("combobox", { name: "Range" })).toHaveValue("3h");
  expect((await workbench.parameters()).get("range")).toBe("3h");
});

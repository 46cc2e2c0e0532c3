// What else moved beside an event: asked for, ranked, and in the report.

import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures.ts";
import type { Workbench } from "../support/workbench.ts";

const DHCP = "rate(dhcp_lease_count[5m]) * 60";

const beside = (page: Page) => page.locator(".related");

async function explain(workbench: Workbench, query: string, origin = "") {
  await workbench.open({ q: query }, origin);
  await workbench.button("Explain").first().click();
}

test("what moved with a spike is ranked, what did not is not", async ({ page, workbench, demo }) => {
  await explain(workbench, DHCP, demo.url);
  await workbench.button("Find related changes").click();
  await expect(beside(page)).toContainText("Of 6 series (target, host, job), 2 metrics changed more than chance explains");
  const moved = beside(page).getByRole("listitem");
  await expect(moved).toHaveCount(2);
  await expect(moved.filter({ hasText: "dhcp_pool_free_addresses" })).toContainText(/▼ 6\d\d to 4\d\d · .* times its usual change · began/);
  await expect(moved.filter({ hasText: "dhcp_messages_total" })).toContainText(/type="discover"\} \(\+1 more of this metric\)▲/);

  await workbench.tab("Report").click();
  const report = page.getByRole("article", { name: "Report" });
  await expect(report.getByRole("heading", { name: "Related changes" })).toBeVisible();
  await expect(report).toContainText("dhcp_pool_free_addresses");
  await expect(report).not.toContainText("dhcp_relays");
});

test("a name leads to its query and Back to the event", async ({ page, workbench, demo }) => {
  await explain(workbench, DHCP, demo.url);
  await workbench.button("Find related changes").click();
  await workbench.answer(() => beside(page).getByRole("button", { name: /^dhcp_pool_free/ }).click());
  await expect(workbench.editor).toHaveText(/^dhcp_pool_free_addresses\{.*\}$/);
  await workbench.answer(() => page.goBack());
  await expect(workbench.editor).toHaveText(DHCP);
});

test("a real Prometheus is asked for the same target", async ({ page, workbench }) => {
  await explain(workbench, "mail_deferred");
  await workbench.button("Find related changes").click();
  await expect(beside(page)).toContainText("1 metric changed more than chance explains");
  await expect(beside(page).getByRole("listitem")).toContainText('mail_delivery_seconds{instance="mail-1:9154", job="mail"}');
});

test("series without a place have nothing to compare with", async ({ page, workbench }) => {
  await explain(workbench, "queue_depth");
  await workbench.button("Find related changes").click();
  await expect(beside(page)).toContainText("have no label that names a target, host or job");
});

test("a look can be cancelled and begun again", async ({ page, workbench, demo }) => {
  await explain(workbench, DHCP, demo.url);
  // The causes are checked first.
  await expect(page.getByText("These hypotheses were checked")).toBeVisible();
  await expect(page.getByRole("status").filter({ hasText: /Looking up|Checking/ })).toHaveCount(0);
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/query_range", async (route) => {
    await held;
    await route.continue().catch(() => {});
  });
  await workbench.button("Find related changes").click();
  await expect(beside(page)).toContainText(/Comparing: 0 of \d queries…/);
  await beside(page).getByRole("button", { name: "Cancel" }).click();
  await expect(workbench.button("Find related changes")).toBeVisible();
  const sent = await workbench.requestsDuring(async () => release());
  expect(sent).toEqual([]);
  await expect(beside(page).getByRole("listitem")).toHaveCount(0);
  await page.unroute("**/query_range");
  await workbench.button("Find related changes").click();
  await expect(beside(page).getByRole("listitem")).toHaveCount(2);
});

test("a fault says what is wrong and can be tried again", async ({ page, workbench, demo }) => {
  await explain(workbench, DHCP, demo.url);
  await page.route("**/query_range", (route) => route.abort());
  await workbench.button("Find related changes").click();
  await expect(beside(page).getByRole("alert")).toContainText("cannot reach the Oddity server");
  await page.unroute("**/query_range");
  await workbench.button("Try again").click();
  await expect(beside(page).getByRole("listitem")).toHaveCount(2);
});

// Possible causes of an event that is opened: checked against the source, cancelled, unreachable.

import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures.ts";
import type { Workbench } from "../support/workbench.ts";

const DHCP = "rate(dhcp_lease_count[5m]) * 60";
const CHECKED = "These hypotheses were checked by queries on this source";

const explanation = (page: Page) => page.locator(".explanation");
const again = (page: Page) => page.getByRole("button", { name: "Check the causes again" });

async function open(workbench: Workbench, origin: string) {
  await workbench.open({}, origin);
  await workbench.run(DHCP);
  await workbench.button("Explain").first().click();
}

test("an opened event is checked once, and a slider sends nothing more", async ({ page, workbench, demo }) => {
  await open(workbench, demo.url);
  await expect(explanation(page)).toContainText(CHECKED);
  await expect(explanation(page).getByRole("status")).toBeHidden();
  await expect(again(page)).toBeHidden();
  const sent = await workbench.requestsDuring(async () => {
    await workbench.button("Close").click();
    await workbench.button("Explain").first().click();
    await expect(explanation(page)).toContainText(CHECKED);
  });
  expect(sent).toEqual([]);
});

test("checks can be cancelled and made again", async ({ page, workbench, demo }) => {
  await workbench.open({}, demo.url);
  await workbench.run(DHCP);
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/query_range", async (route) => {
    await held;
    await route.continue().catch(() => {});
  });
  await workbench.button("Explain").first().click();
  await expect(explanation(page).getByRole("status")).toContainText(/Checking causes: 0 of \d+ queries/);
  await explanation(page).getByRole("button", { name: "Cancel" }).click();
  await expect(explanation(page)).toContainText("Not all checks were made: they were cancelled.");
  const sent = await workbench.requestsDuring(async () => release());
  expect(sent).toEqual([]);
  await page.unroute("**/query_range");
  await again(page).click();
  await expect(explanation(page)).toContainText(CHECKED);
  await expect(explanation(page)).not.toContainText("Not all checks were made");
});

test("a source that does not answer ends the checks", async ({ page, workbench, demo }) => {
  await workbench.open({}, demo.url);
  await workbench.run(DHCP);
  await page.route("**/query_range", (route) => route.abort());
  await workbench.button("Explain").first().click();
  await expect(explanation(page)).toContainText("Not all checks were made: the source does not answer");
  await expect(again(page)).toBeVisible();
});

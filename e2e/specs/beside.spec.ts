// What else moved beside an event: asked for, ranked, and in the report.

import { expect, test } from "../support/fixtures.ts";

test("what else moved is compared on request, leads to its query, and joins the report", async ({ page, workbench, demo }) => {
  await workbench.open({ q: "rate(dhcp_lease_count[5m]) * 60" }, demo.url);
  await workbench.button("Explain").first().click();
  await workbench.button("Look").click();
  const beside = page.locator(".beside");
  await expect(beside).toContainText(/Of \d+ series|no label that names/);
  await page.setViewportSize({ width: 1440, height: 900 });
  await beside.scrollIntoViewIfNeeded();
  await page.screenshot({ path: test.info().outputPath("beside.png") });
  await workbench.tab("Report").click();
  await expect(page.getByRole("article", { name: "Report" }).getByRole("heading", { name: "What else moved" })).toBeVisible();
});

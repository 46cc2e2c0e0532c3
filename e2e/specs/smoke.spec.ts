import { expect, test } from "../support/fixtures.ts";

test("the page starts", async ({ page }) => {
  await page.goto("/");
  await expect(page).toHaveTitle("Oddity");
  await expect(page.locator("#boot")).toHaveCount(0);
});

test("the page starts with the demo source alone", async ({ page, demo }) => {
  await page.goto(demo.url);
  await expect(page.locator("#boot")).toHaveCount(0);
});

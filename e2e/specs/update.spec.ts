import { expect, test } from "../support/fixtures.ts";

test("a page whose scripts are gone says so and offers to reload", async ({ page, demo }) => {
  let gone = true;
  await page.route("**/boot-*.js", (route) => (gone ? route.abort() : route.continue()));
  await page.goto(demo.url);
  await expect(page.locator("#boot")).toContainText("A part of the page is missing");
  gone = false;
  await page.locator("#boot").getByRole("button", { name: "Reload" }).click();
  await expect(page.locator("#boot")).toHaveCount(0);
});

test("an open page offers a newer one and keeps the query", async ({ page, demo }) => {
  await page.clock.install();
  let version = '"one"';
  const isPage = (url: URL) => url.pathname === "/";
  await page.route(isPage, async (route) => {
    if (route.request().method() !== "HEAD") return route.continue();
    await route.fulfill({ status: 200, headers: { etag: version } });
  });
  const compared = () => page.waitForResponse((reply) => reply.request().method() === "HEAD");
  const first = compared();
  await page.goto(`${demo.url}/?q=up`);
  await first;
  const again = compared();
  await page.clock.fastForward("16:00");
  await again;
  await expect(page.locator(".update")).toHaveCount(0);
  version = '"two"';
  await page.clock.fastForward("16:00");
  const offer = page.getByRole("status").filter({ hasText: "newer version" });
  await offer.getByRole("button", { name: "Reload" }).click();
  await expect(offer).toHaveCount(0);
  expect(new URL(page.url()).searchParams.get("q")).toBe("up");
});

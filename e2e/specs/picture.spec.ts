// Pictures: the one that a user saves, and those of the README.

import { fileURLToPath } from "node:url";
import { expect, test } from "../support/fixtures.ts";
import { colours, size } from "../support/png.ts";

/** A blank picture has a few; text and curves have shades. */
const MANY_COLOURS = 50;

test("the chart is saved as a picture of twice its size", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth" });
  const { name, bytes } = await workbench.download("Save PNG");
  expect(name).toMatch(/^oddity.*\.png$/);
  expect(size(bytes)).toEqual({ width: 2400, height: 1200 });
  expect(await colours(page, bytes)).toBeGreaterThan(MANY_COLOURS);
});

// SCREENSHOTS=1 puts them where the README shows them; otherwise they are results like any other.
const FOLDER = process.env.SCREENSHOTS === "1" ? "../../docs" : "../results";

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(() => {
    test.use({ colorScheme });

    test(`the README's ${colorScheme} screenshot`, async ({ page, workbench, demo }) => {
      await workbench.open({ q: "rate(dhcp_lease_count[5m]) * 60" }, demo.url);
      await expect(workbench.rows.first()).toBeVisible();
      const path = fileURLToPath(new URL(`${FOLDER}/screenshot-${colorScheme}.png`, import.meta.url));
      const bytes = await page.screenshot({ path });
      expect(size(bytes)).toEqual({ width: 1440, height: 900 });
      expect(await colours(page, bytes)).toBeGreaterThan(MANY_COLOURS);
    });
  });
}

// Pictures: the one that a user saves, and those of the README.

import { fileURLToPath } from "node:url";
import { expect, test } from "../support/fixtures.ts";
import { colours, pixels, size } from "../support/png.ts";

/** A blank picture has a few; text and curves have shades. */
const MANY_COLOURS = 50;

test("the chart is saved as a picture of twice its size", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth" });
  const { name, bytes } = await workbench.download("Save PNG");
  expect(name).toMatch(/^oddity.*\.png$/);
  expect(size(bytes)).toEqual({ width: 2400, height: 1200 });
  expect(await colours(page, bytes)).toBeGreaterThan(MANY_COLOURS);
});

test("the picture shows what was not learnt from", async ({ page, workbench }) => {
  const hour = (ago: number) => new Date(Math.floor(Date.now() / 60_000) * 60_000 - ago * 3_600_000).toISOString();
  const view = { q: "queue_depth", from: hour(24), to: hour(0), detector: "zscore" };
  const saved = async (parameters: Record<string, string>) => {
    await workbench.open(parameters);
    return (await workbench.download("Save PNG")).bytes;
  };
  const [plain, excluded] = [await saved(view), await saved({ ...view, exclude: `${hour(16)}/${hour(8)}` })];
  // A strip below the title, of which the third in the middle is left out.
  const strip = async (bytes: Buffer) => pixels(page, bytes, [200, 150, 2000, 1]);
  const [before, after] = [await strip(plain), await strip(excluded)];
  const changed = before.map((colour, at) => colour !== after[at]);
  expect(changed.slice(0, 500)).not.toContain(true);
  expect(changed.slice(800, 1200)).not.toContain(false);
  expect(changed.slice(1500)).not.toContain(true);
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

// What axe-core finds, in both themes, on a desk and in a hand; and nothing to scroll sideways.

import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";
import { test } from "./fixtures.ts";
import type { Workbench } from "./workbench.ts";

const LOOKS = (["light", "dark"] as const).flatMap((colorScheme) =>
  [
    { width: 1440, height: 900 },
    { width: 375, height: 800 },
  ].map((size) => ({ colorScheme, size })),
);

/** Fails the test for each violation in any look, and where there is something to scroll sideways. */
export async function expectAccessible(page: Page) {
  // Colours on their way from one theme to another have no contrast of their own.
  await page.emulateMedia({ reducedMotion: "reduce" });
  for (const { colorScheme, size } of LOOKS) {
    const look = `${colorScheme}, ${size.width} px`;
    await test.step(look, async () => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(size);
      await expect(page.locator("html"), `the theme is ${colorScheme}`).toHaveAttribute("data-theme", colorScheme);
      const wide = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      await expect.poll(wide, `pixels to scroll sideways, ${look}`).toBeLessThanOrEqual(0);
      const { violations } = await new AxeBuilder({ page }).analyze();
      const found = violations.flatMap(({ id, help, nodes }) =>
        nodes.map(({ target, any }) => `${id}: ${help}: ${target.join(" ")} ${any.map((check) => check.message).join("; ")}`),
      );
      expect.soft(found, look).toEqual([]);
    });
  }
}

/** Tests that what `show` leads to has no violation. */
export function accessible(name: string, show: (workbench: Workbench) => Promise<void>) {
  test(`${name}: no violation`, async ({ page, workbench }) => {
    await show(workbench);
    await expectAccessible(page);
  });
}

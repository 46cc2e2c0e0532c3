// No violation that axe-core knows, in both themes, on a desk and in a hand; and nothing to scroll sideways in a hand.

import { expectAccessible } from "../support/axe.ts";
import { expect, test } from "../support/fixtures.ts";
import type { Workbench } from "../support/workbench.ts";

const VIEWS: Record<string, (workbench: Workbench) => Promise<void>> = {
  "the start": (workbench) => workbench.open(),
  "the events": (workbench) => workbench.open({ q: "queue_depth" }),
  "an event that is explained": async (workbench) => {
    await workbench.open({ q: "queue_depth" });
    await workbench.button("Explain").first().click();
    await expect(workbench.page.getByRole("heading", { name: "What may be behind it" })).toBeVisible();
  },
  "what else moved": async (workbench) => {
    await workbench.open({ q: "mail_deferred" });
    await workbench.button("Explain").first().click();
    await workbench.button("Look").click();
    await expect(workbench.page.locator(".related-list")).toBeVisible();
  },
  "the report": (workbench) => workbench.open({ q: "queue_depth", tab: "report" }),
  "the rules": async (workbench) => {
    await workbench.open({ q: "queue_depth", tab: "rules", detector: "rolling" });
    await workbench.button("Verify").click();
    await expect(workbench.page.getByText(/samples agree/)).toBeVisible();
  },
  "no rules": (workbench) => workbench.open({ q: "queue_depth", tab: "rules", clean: "yes" }),
  "the list of detectors": async (workbench) => {
    await workbench.open({ q: "queue_depth" });
    await workbench.detector.click();
  },
  "advanced settings and typed bounds": async (workbench) => {
    await workbench.open({ q: "queue_depth", detector: "threshold" });
    await workbench.page.getByText("Advanced").click();
    await workbench.page.getByLabel("Upper bound").fill("many");
    await workbench.page.getByLabel("Upper bound").press("Enter");
  },
  "an excluded range": (workbench) => {
    const iso = (seconds: number) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
    const now = Math.floor(Date.now() / 60_000) * 60;
    return workbench.open({ q: "queue_depth", exclude: `${iso(now - 9000)}/${iso(now - 3600)}`, zoom: `${iso(now - 12_000)}/${iso(now)}` });
  },
  "many series": (workbench) => workbench.open({ q: "shard_load", range: "6h", k: "2.1" }),
  "an empty result": (workbench) => workbench.open({ q: "absent" }),
  "an error above a chart": async (workbench) => {
    await workbench.open({ q: "queue_depth" });
    await workbench.run("rate(queue_depth[5m]");
  },
  "a bad link": (workbench) => workbench.open({ q: "rate(queue_depth[5m]", k: "-1" }),
  "the shortcuts": async (workbench) => {
    await workbench.open();
    await workbench.button("Keyboard shortcuts").click();
  },
};

const SIZES = [
  { width: 1440, height: 900 },
  { width: 375, height: 800 },
];

for (const colorScheme of ["light", "dark"] as const) {
  for (const viewport of SIZES) {
    test.describe(`${colorScheme}, ${viewport.width} px`, () => {
      test.use({ colorScheme, viewport });

      for (const [name, show] of Object.entries(VIEWS)) {
        test(`${name}: no violation`, async ({ page, workbench }) => {
          await show(workbench);
          await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
          await expectAccessible(page);
        });
      }
    });
  }
}

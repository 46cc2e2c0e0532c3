// No violation in the events and in what is told of them.

import { accessible } from "../../support/axe.ts";
import { expect } from "../../support/fixtures.ts";

accessible("the events", (workbench) => workbench.open({ q: "queue_depth" }));

accessible("an event that is explained", async (workbench) => {
  await workbench.open({ q: "queue_depth" });
  await workbench.button("Explain").first().click();
  await expect(workbench.page.getByRole("heading", { name: "Possible causes" })).toBeVisible();
});

accessible("what else moved", async (workbench) => {
  await workbench.open({ q: "mail_deferred" });
  await workbench.button("Explain").first().click();
  await workbench.button("Find related changes").click();
  await expect(workbench.page.locator(".related-list")).toBeVisible();
});

accessible("many series", (workbench) => workbench.open({ q: "shard_load", range: "6h", k: "2.1" }));

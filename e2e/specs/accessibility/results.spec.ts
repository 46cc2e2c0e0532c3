// No violation in the report and the rules.

import { accessible } from "../../support/axe.ts";
import { expect } from "../../support/fixtures.ts";

accessible("the report", (workbench) => workbench.open({ q: "queue_depth", tab: "report" }));

accessible("the rules", async (workbench) => {
  await workbench.open({ q: "queue_depth", tab: "rules", detector: "rolling" });
  await workbench.button("Verify").click();
  await expect(workbench.page.getByText(/samples agree/)).toBeVisible();
});

accessible("no rules", (workbench) => workbench.open({ q: "queue_depth", tab: "rules", clean: "yes" }));

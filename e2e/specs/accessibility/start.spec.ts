// No violation before there is a result, and where there is none.

import { accessible } from "../../support/axe.ts";
import { expect } from "../../support/fixtures.ts";

accessible("the start", (workbench) => workbench.open());

accessible("the shortcuts", async (workbench) => {
  await workbench.open();
  await workbench.button("Keyboard shortcuts").click();
});

accessible("an empty result", (workbench) => workbench.open({ q: "absent" }));

accessible("an error above a chart", async (workbench) => {
  await workbench.open({ q: "queue_depth" });
  await workbench.run("rate(queue_depth[5m]");
});

accessible("a bad link", (workbench) => workbench.open({ q: "rate(queue_depth[5m]", k: "-1" }));

accessible("recent queries and saved views", async (workbench) => {
  await workbench.open({ q: "queue_depth", range: "1h" });
  await workbench.run("mail_sessions");
  await workbench.button("History").click();
  await workbench.page.getByLabel("Name of this view").fill("Sessions");
  await workbench.button("Save view").click();
  await expect(workbench.page.getByRole("dialog").getByRole("status")).toBeVisible();
});

accessible("a range that is refreshed, after a failure", async (workbench) => {
  await workbench.open({ q: "queue_depth", range: "1h", step: "5s", refresh: "5s" });
  await workbench.page.route("**/query_range", (route) => route.abort());
  await expect(workbench.page.getByText(/^Refresh failed/)).toBeVisible();
});

accessible("an unknown metric", async (workbench) => {
  await workbench.open({ q: "queue_dept" });
  await expect(workbench.page.getByText(/Did you mean/)).toBeVisible();
});

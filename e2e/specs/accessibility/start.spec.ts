// No violation before there is a result, and where there is none.

import { accessible } from "../../support/axe.ts";

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

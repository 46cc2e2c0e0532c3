// No violation where the detector is chosen and set.

import { accessible } from "../../support/axe.ts";

accessible("the list of detectors", async (workbench) => {
  await workbench.open({ q: "queue_depth" });
  await workbench.detector.click();
});

accessible("advanced settings and typed bounds", async (workbench) => {
  await workbench.open({ q: "queue_depth", detector: "threshold" });
  await workbench.page.getByText("Advanced").click();
  await workbench.page.getByLabel("Upper bound").fill("many");
  await workbench.page.getByLabel("Upper bound").press("Enter");
});

accessible("an excluded range", (workbench) => {
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
  const now = Math.floor(Date.now() / 60_000) * 60;
  return workbench.open({ q: "queue_depth", exclude: `${iso(now - 9000)}/${iso(now - 3600)}`, zoom: `${iso(now - 12_000)}/${iso(now)}` });
});

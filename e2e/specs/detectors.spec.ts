// Each detector with its parameters, and the raw counter, which is judged by its increase.

import { expect, test } from "../support/fixtures.ts";

const DETECTORS = [
  { name: "Rolling band", id: "rolling", sliders: ["Sensitivity", "Window", "Minimum duration"], sigma: "4 σ" },
  { name: "Z-score", id: "zscore", sliders: ["Sensitivity", "Baseline", "Minimum duration"], sigma: "4 σ" },
  {
    name: "Slope change",
    id: "slope",
    sliders: ["Sensitivity", "Slope over", "Compared with", "Minimum duration"],
    sigma: "6 σ",
  },
];

for (const { name, id, sliders, sigma } of DETECTORS) {
  test(`${name} shows its sliders and finds the spike`, async ({ page, workbench }) => {
    await workbench.open({ q: "queue_depth", detector: "record" });
    await workbench.choose(name);
    await workbench.settled();

    const labels = await page.getByRole("slider").evaluateAll((all) =>
      all.flatMap((one) => [...((one as HTMLInputElement).labels ?? [])].map((label) => label.textContent)),
    );
    expect(labels).toEqual(sliders);
    await expect(workbench.valueOf("Sensitivity")).toHaveText(sigma);
    // The default is not written.
    expect([id, null]).toContain((await workbench.parameters()).get("detector"));
    expect((await workbench.parameters()).get("q")).toBe("queue_depth");
    await expect(workbench.editor).toHaveText("queue_depth");
    const kinds = await workbench.rows.getByRole("button").allTextContents();
    expect(kinds).toContain("spike");
  });
}

test("a detector that needs no more history sends no request", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth", detector: "rolling" });
  const caption = page.getByText("slope, per second");
  const requests = await workbench.requestsDuring(async () => {
    await workbench.choose("Slope change");
    await expect(caption).toBeVisible();
    await workbench.choose("Rolling band");
    await expect(caption).toHaveCount(0);
  });
  expect.soft(requests).toEqual([]);
});

test("a detector that needs less history than there is sends no request", async ({ workbench }) => {
  await workbench.open({ q: "queue_depth", detector: "zscore" });
  const requests = await workbench.requestsDuring(() => workbench.choose("Rolling band"));
  expect.soft(requests).toEqual([]);
  await expect(workbench.headline).toHaveText(/spike to 60/);
});

test("a longer window takes the samples that it needs", async ({ workbench }) => {
  await workbench.open({ q: "queue_depth", detector: "rolling" });
  await workbench.turn("Window", "ArrowRight", (value) => value >= 2);
  await workbench.settled();
  expect(Number((await workbench.parameters()).get("window"))).toBeGreaterThanOrEqual(120);
  await expect(workbench.rows.first()).toContainText("with the 12");
});

test("a raw counter offers its rate", async ({ page, workbench }) => {
  await workbench.open({ q: "e2e_requests_total" });
  await expect(page.getByText("Raw counter")).toBeVisible();
  await expect(page.getByText("increase per step", { exact: true })).toBeVisible();
  await workbench.answer(() => workbench.button("Use rate(e2e_requests_total[5m])").click());
  await expect(workbench.editor).toHaveText("rate(e2e_requests_total[5m])");
  expect((await workbench.parameters()).get("q")).toBe("rate(e2e_requests_total[5m])");
  await expect(page.getByText("Raw counter")).toHaveCount(0);
  await expect(page.getByText("increase per step", { exact: true })).toHaveCount(0);
});

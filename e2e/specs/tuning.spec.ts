// The panel that is made from what each detector says of itself: the list, typed numbers, choices, what is left out.

import { expect, test } from "../support/fixtures.ts";

const radios = 'input[type="radio"][name="detector"]';

test("the list of detectors works by pointer", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth" });
  const list = page.getByRole("radiogroup", { name: "Detector" });
  await expect(list).toBeHidden();
  await workbench.detector.click();
  await expect(list).toBeVisible();
  for (const group of ["Values", "Change", "Compare"]) await expect(list.getByRole("group", { name: group })).toBeVisible();
  const slope = list.getByRole("radio", { name: "Slope change" });
  await expect(slope).toHaveAccessibleDescription(/rise or fall/);

  await slope.click();
  await expect(list).toBeHidden();
  await expect(workbench.detector).toBeFocused();
  await expect(workbench.detector).toHaveText("Slope change");
  expect((await workbench.parameters()).get("detector")).toBe("slope");

  await workbench.detector.click();
  await expect(slope).toBeChecked();
  await workbench.headline.click();
  await expect(list).toBeHidden();
});

test("the list of detectors works by keyboard and tries each", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth", detector: "threshold" });
  await workbench.detector.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("radio", { name: "Fixed bounds" })).toBeFocused();
  await page.keyboard.press("ArrowUp");
  await expect(page.getByRole("radio", { name: "Fixed bounds" })).not.toBeChecked();
  await expect(workbench.detector).not.toHaveText("Fixed bounds");
  expect((await workbench.parameters()).get("detector")).not.toBe("threshold");
  await expect(page.getByRole("radiogroup", { name: "Detector" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("radiogroup", { name: "Detector" })).toBeHidden();
  await expect(workbench.detector).toBeFocused();
});

test("the list of detectors fits a hand", async ({ page, workbench }) => {
  await page.setViewportSize({ width: 375, height: 800 });
  await workbench.open({ q: "queue_depth" });
  await workbench.detector.click();
  const box = await page.getByRole("radiogroup", { name: "Detector" }).boundingBox();
  expect(box?.x).toBeGreaterThanOrEqual(0);
  expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(375);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
});

test("every detector judges, and is a rule or says why not", async ({ page, workbench }) => {
  test.slow();
  await workbench.open({ q: "queue_depth", tab: "rules" });
  const ids = await page.locator(radios).evaluateAll((all) => all.map((radio) => radio.id.replace("detector-", "")));
  expect(ids.length).toBeGreaterThan(3);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) {
    await workbench.open({ q: "queue_depth", tab: "rules", detector: id });
    await expect.soft(workbench.alert.filter({ hasText: /./ }), id).toHaveCount(0);
    await expect.soft(workbench.headline, id).toHaveText(/in 24 h/);
    const rules = page.getByLabel("Rules as YAML").or(page.getByRole("heading", { name: "Rules not available" }));
    await expect.soft(rules, id).toBeVisible();
  }
});

test("fixed bounds are typed", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth", detector: "threshold" });
  await expect(workbench.slider("Sensitivity")).toHaveCount(0);
  await expect(workbench.headline).toHaveText("No anomalies in 24 h");
  const upper = page.getByLabel("Upper bound");
  await expect(upper).toHaveValue("");

  await upper.fill("many");
  await upper.press("Enter");
  await expect(workbench.alert.filter({ hasText: "Enter a number" })).toBeVisible();
  await expect(upper).toHaveAttribute("aria-invalid", "true");
  expect((await workbench.parameters()).has("upper")).toBe(false);

  await upper.fill("20");
  await upper.press("Enter");
  await expect(upper).toHaveAttribute("aria-invalid", "false");
  await expect(workbench.headline).toHaveText(/^1 anomaly in 24 h: spike to 60/);
  await expect(workbench.rows.first()).toContainText("at most 20");
  expect((await workbench.parameters()).get("upper")).toBe("20");

  await upper.fill("");
  await upper.press("Enter");
  await expect(workbench.headline).toHaveText("No anomalies in 24 h");
  expect((await workbench.parameters()).has("upper")).toBe(false);
});

test("a forecast tells when a bound is reached", async ({ page, prometheus, workbench }) => {
  const day = 86_400;
  await workbench.open({ q: `vector(${prometheus.data.now + day}) - time()`, detector: "forecast" });
  await expect(workbench.headline).toHaveText("No anomalies in 24 h");
  await expect(page.getByLabel("Lower bound")).toHaveValue("0");
  const ahead = page.getByLabel("Hours ahead");
  await ahead.fill("30");
  await ahead.press("Enter");
  await expect(workbench.headline).toHaveText(/^1 anomaly in 24 h: drift: forecast .*, 0 in about 2[34] h/);
  expect((await workbench.parameters()).get("horizon")).toBe("30");
  await workbench.tab("Rules").click();
  await expect(page.getByLabel("Rules as YAML")).toContainText("predict_linear");
});

test("a choice of the detector is among few words", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth", detector: "robust" });
  const spread = page.getByRole("group", { name: "Spread by" });
  await expect(spread.getByRole("button", { name: "quartiles" })).toHaveAttribute("aria-pressed", "true");
  await spread.getByRole("button", { name: "MAD" }).click();
  await expect(spread.getByRole("button", { name: "MAD" })).toHaveAttribute("aria-pressed", "true");
  expect((await workbench.parameters()).get("scale")).toBe("MAD");
  await expect(workbench.headline).toHaveText(/spike to 60/);
  await workbench.tab("Rules").click();
  await expect(page.getByRole("heading", { name: "Rules not available" })).toBeVisible();
  await workbench.button("Use an exportable Robust band").click();
  await expect(page.getByLabel("Rules as YAML")).toBeVisible();
  await expect(spread.getByRole("button", { name: "quartiles" })).toHaveAttribute("aria-pressed", "true");
});

test("flagged samples leave the baseline", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth", detector: "rolling" });
  await page.getByText("Advanced").click();
  const clean = page.getByRole("checkbox", { name: "Exclude flagged samples from the baseline" });
  await expect(clean).toHaveAccessibleDescription(/Not available in exported rules/);
  await clean.check();
  expect((await workbench.parameters()).get("clean")).toBe("yes");
  await workbench.tab("Rules").click();
  await expect(page.getByText(/cannot exclude flagged samples/)).toBeVisible();
  await workbench.button("Include flagged samples in the baseline").click();
  await expect(clean).not.toBeChecked();
  await expect(page.getByLabel("Rules as YAML")).toBeVisible();
});

test("a range is excluded from the baseline and let in again", async ({ page, prometheus, workbench }) => {
  const { spike } = prometheus.data;
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
  const zoom = [spike.start - 60, spike.end + 600];
  await workbench.open({ q: "queue_depth", detector: "rolling", zoom: zoom.map(iso).join("/") });

  /** What is expected ten minutes after the spike, which is still in the window. */
  const expected = async () => {
    await page.mouse.move(...(await workbench.place(spike.end + 600 - 5, [spike.start - 60, spike.end + 600])));
    const text = await page.locator(".tooltip div", { hasText: "expected" }).locator("dd").innerText();
    await page.mouse.move(0, 0);
    return Number(text);
  };
  expect(await expected()).toBeGreaterThan(12);

  const exclude = () => workbench.button("Exclude this range from the baseline").click();
  expect.soft(await workbench.requestsDuring(exclude)).toEqual([]);
  expect((await workbench.parameters()).getAll("exclude")).toEqual([zoom.map(iso).join("/")]);
  await expect(workbench.button("Exclude this range from the baseline")).toHaveCount(0);
  await expect(page.getByText("excluded from baseline", { exact: true })).toBeVisible();
  expect(Math.abs((await expected()) - 10)).toBeLessThan(1);

  await page.reload();
  await workbench.settled();
  const chips = page.getByRole("list", { name: "Excluded from baseline" }).getByRole("button");
  await expect(chips).toHaveCount(1);
  await workbench.tab("Rules").click();
  await expect(page.getByText(/cannot exclude time ranges/)).toBeVisible();
  await chips.first().click();
  await expect(chips).toHaveCount(0);
  expect((await workbench.parameters()).has("exclude")).toBe(false);
  await expect(page.getByLabel("Rules as YAML")).toBeVisible();
  expect(await expected()).toBeGreaterThan(12);
});

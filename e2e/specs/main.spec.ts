// The way through the page: query, event, slider, report, link.

import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures.ts";
import type { Workbench } from "../support/workbench.ts";

/** `Jan 1 13:45`, as the table writes times. */
function short(seconds: number): string {
  const [, day, month, clock] = new Date(seconds * 1000).toUTCString().match(/(\d+) (\w+) \d+ (\d+:\d+)/) ?? [];
  return `${month} ${Number(day)} ${clock}`;
}

/** `2026-01-31 13:45:00 UTC`, as the report writes times. */
function full(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace("T", " ").replace(".000Z", " UTC");
}

/** Presses on the thumb of a slider, moves it to its right end in small moves, calls `held`, and lets go. */
async function drag(page: Page, workbench: Workbench, slider: string, held: () => Promise<void>) {
  const input = workbench.slider(slider);
  const box = await input.boundingBox();
  if (box === null) throw new Error("the slider is not drawn");
  const share = Number(await input.inputValue()) / Number(await input.getAttribute("max"));
  const [thumb, y] = [box.x + 8 + (box.width - 16) * share, box.y + box.height / 2];
  const [moves, way] = [16, box.x + box.width - thumb];
  await page.mouse.move(thumb, y);
  await page.mouse.down();
  for (let move = 1; move <= moves; move += 1) {
    await page.mouse.move(thumb + (way * move) / moves, y);
  }
  await held();
  await page.mouse.up();
}

test.beforeEach(async ({ page, prometheus, workbench }) => {
  // Sensitive settings judge noise, so a minute more or less would change what they find.
  await page.clock.setFixedTime(prometheus.data.now * 1000);
  await workbench.open({ detector: "rolling" });
});

test("a typed query names the spike", async ({ page, prometheus, workbench }) => {
  const { spike } = prometheus.data;
  await workbench.editor.click();
  await page.keyboard.type("queue_depth", { delay: 20 });
  await workbench.answer(() => page.keyboard.press("Enter"));

  await expect(workbench.headline).toHaveText(/^1 anomaly in 24 h: spike to 60\D+(9|10)(\.\d+)? expected/);
  await expect(workbench.rows).toHaveCount(1);
  const row = await workbench.row(0);
  expect(row.kind).toBe("spike");
  expect(row.value).toBe(spike.value);
  expect(Math.abs(row.expected - 10)).toBeLessThan(0.5);
  expect(row.what).toContain(`${short(spike.start)} to ${short(spike.end).slice(-5)}`);
  expect(row.what).toContain("5 min, recovered");
  expect((await workbench.parameters()).get("q")).toBe("queue_depth");
});

test("dragging the sensitivity changes the events at once and sends nothing", async ({ page, workbench }) => {
  await workbench.run("queue_depth");
  expect(await workbench.events()).toBe(1);

  const k = async () => (await workbench.parameters()).get("k");
  const requests = await workbench.requestsDuring(async () => {
    await drag(page, workbench, "Sensitivity", async () => {
      await expect.poll(() => workbench.events(), "the events follow while the thumb is held").toBeGreaterThan(1);
      expect(await k(), "the address waits until the thumb is let go").toBeNull();
    });
    await expect.poll(k, "the address holds the sensitivity").not.toBeNull();
  });
  expect.soft(requests).toEqual([]);

  const events = await workbench.events();
  const position = await workbench.slider("Sensitivity").inputValue();
  expect(events).toBeGreaterThan(1);
  expect(Number(await k())).toBeLessThan(4);
  await page.reload();
  await workbench.settled();
  await expect(workbench.tab("Events")).toHaveText(`Events ${events}`);
  await expect(workbench.slider("Sensitivity")).toHaveValue(position);
});

test("the report names query, event, detector, and links to the same event", async ({ page, prometheus, workbench }) => {
  const { spike } = prometheus.data;
  await workbench.run("queue_depth");
  await workbench.tab("Report").click();
  await expect(page.getByRole("tabpanel").getByRole("heading", { level: 1 })).toHaveText(/^Queue depth spike: 60 against \S+ expected$/);
  await workbench.button("Details").click();
  const { name, bytes } = await workbench.download("Download .md");
  const report = bytes.toString("utf8");

  expect(name).toMatch(/^oddity-queue-depth-.*\.md$/);
  for (const part of [
    "```promql\nqueue_depth\n```",
    'queue_depth{queue="mail"}',
    "| 60 |",
    full(spike.start),
    full(spike.end + 60),
    "Rolling band",
    "60 samples (1 h)",
    "4 standard deviations",
  ]) {
    expect(report).toContain(part);
  }

  const link = report.match(/\*\*Link:\*\* <(http[^>]+)>/)?.[1] ?? "";
  const { searchParams } = new URL(link);
  expect(searchParams.get("to")).toBe(new Date(prometheus.data.now * 1000).toISOString().replace(".000Z", "Z"));
  // A day later the link still shows that day.
  await page.clock.setFixedTime((prometheus.data.now + 86_400) * 1000);
  await page.goto(link);
  await workbench.settled();
  await expect(workbench.headline).toHaveText(/^1 anomaly in 24 h: spike to 60/);
  await workbench.tab("Events").click();
  expect((await workbench.row(0)).what).toContain(short(spike.start));
});

test("back leads to the earlier view", async ({ page, workbench }) => {
  await workbench.run("queue_depth");
  await workbench.run("e2e_requests_total");
  await expect(workbench.headline).not.toHaveText(/spike to 60/);
  await workbench.answer(() => page.goBack());
  await expect(workbench.headline).toHaveText(/spike to 60/);
  await expect(workbench.editor).toHaveText("queue_depth");
  await page.goBack();
  await expect(page.getByRole("heading", { name: "No data queried yet" })).toBeVisible();
});

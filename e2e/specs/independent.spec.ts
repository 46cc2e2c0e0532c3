// What the page finds, against a second computation of the same definition from the same samples.

import { expect, test } from "../support/fixtures.ts";
import { countEvents, read } from "../support/reference.ts";
import type { Workbench } from "../support/workbench.ts";

const DHCP = "rate(dhcp_lease_count[5m]) * 60";
/** A day at a step of one minute, both ends included. */
const JUDGED = 24 * 60 + 1;

async function agree(workbench: Workbench, expr: string) {
  const reply = await read(await workbench.run(expr), JUDGED);
  await expect(workbench.valueOf("Window")).toHaveText("1 h · 60");
  const found = new Map<number, number>();
  for (const bound of [4, 3, 2.5]) {
    const threshold = await workbench.turn("Sensitivity", "ArrowRight", (value) => value <= bound);
    const events = await workbench.events();
    expect(events, `events of ${expr} at ${threshold}`).toBe(countEvents(reply, threshold));
    found.set(threshold, events);
  }
  return found;
}

test("the demo's DHCP spike is the one thing that is odd", async ({ workbench, demo }) => {
  await workbench.open({ detector: "rolling" }, demo.url);
  await workbench.run(DHCP);
  expect(await workbench.events()).toBe(1);
  const row = await workbench.row(0);
  expect(row.kind).toBe("spike");
  expect(Math.abs(row.expected / 8 - 1)).toBeLessThan(0.1);
  expect(Math.abs(row.value / 37 - 1)).toBeLessThan(0.02);
});

test("the events of the demo agree at three sensitivities", async ({ workbench, demo }) => {
  await workbench.open({ detector: "rolling" }, demo.url);
  const found = await agree(workbench, DHCP);
  expect(found.size).toBe(3);
  expect(Math.max(...found.values())).toBeGreaterThan(1);
});

test("the events of a real Prometheus agree at three sensitivities", async ({ workbench }) => {
  await workbench.open({ detector: "rolling" });
  const found = await agree(workbench, "queue_depth");
  expect(found.size).toBe(3);
  // Noise within fixed bounds stays below this; the most sensitive setting finds it.
  const reply = await read(await workbench.run("queue_depth"), JUDGED);
  const threshold = await workbench.turn("Sensitivity", "ArrowRight", (value) => value <= 1.6);
  const events = await workbench.events();
  expect(events).toBeGreaterThan(1);
  expect(events).toBe(countEvents(reply, threshold));
});

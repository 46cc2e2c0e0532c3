// What the address holds, and what only the browser keeps.

import { expect, test } from "../support/fixtures.ts";

test("a link of Prometheus' graph page opens", async ({ page, workbench }) => {
  await page.goto("/?g0.expr=queue_depth&g0.range_input=6h&g0.step_input=60");
  await workbench.settled();
  await expect(workbench.editor).toHaveText("queue_depth");
  await expect(workbench.headline).toHaveText(/odd thing in 6 h: spike to 60/);
  await expect(page.getByRole("combobox", { name: "Range" })).toHaveValue("6h");
  await expect(page.getByRole("combobox", { name: "Step" })).toHaveValue("1m");
});

test("a zoom changes the address and not the events", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth", k: "2" });
  const events = await workbench.events();
  const box = await workbench.chart.boundingBox();
  if (box === null) throw new Error("the chart is not drawn");
  const at = (share: number): [number, number] => [box.x + box.width * share, box.y + box.height / 2];

  const zoom = async () => {
    await page.mouse.move(...at(0.7));
    await page.mouse.down();
    for (const share of [0.75, 0.8, 0.85, 0.95]) await page.mouse.move(...at(share));
    await page.mouse.up();
    await expect.poll(() => workbench.parameters().get("zoom")).toMatch(/^\d{4}-.*Z\/\d{4}-.*Z$/);
  };
  expect.soft(await workbench.requestsDuring(zoom)).toEqual([]);
  expect(await workbench.events()).toBe(events);
  await expect(workbench.button("Whole range")).toBeVisible();
  const [from = 0, to = 0] = (workbench.parameters().get("zoom") ?? "").split("/").map((time) => Date.parse(time));
  // A quarter of the drawing's width, which is a little wider than the plot.
  expect((to - from) / 3_600_000).toBeGreaterThan(5.5);
  expect((to - from) / 3_600_000).toBeLessThan(7.5);

  const reset = async () => {
    await page.mouse.dblclick(...at(0.4));
    await expect.poll(() => workbench.parameters().has("zoom")).toBe(false);
  };
  expect.soft(await workbench.requestsDuring(reset)).toEqual([]);
  await expect(workbench.button("Whole range")).toHaveCount(0);
  expect(await workbench.events()).toBe(events);
});

test("an event in the table is shown on the chart", async ({ page, prometheus, workbench }) => {
  await workbench.open({ q: "queue_depth" });
  const look = () => workbench.rows.first().getByRole("button").click();
  expect.soft(await workbench.requestsDuring(look)).toEqual([]);
  const [from = 0, to = 0] = (workbench.parameters().get("zoom") ?? "").split("/").map((time) => Date.parse(time) / 1000);
  const { spike } = prometheus.data;
  expect(from).toBeLessThan(spike.start);
  expect(to).toBeGreaterThan(spike.end);
  expect(to - from).toBeLessThan(3 * 3600);
  await page.reload();
  await workbench.settled();
  await expect(workbench.button("Whole range")).toBeVisible();
});

test("times are in UTC or in the zone of the browser", async ({ page, prometheus, workbench }) => {
  const { spike } = prometheus.data;
  const clock = (timeZone: string) =>
    new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" }).format(spike.start * 1000);
  await workbench.open({ q: "queue_depth" });
  await expect(workbench.rows.first()).toContainText(clock("UTC"));
  expect.soft(await workbench.requestsDuring(() => workbench.button("UTC").click())).toEqual([]);
  await expect(workbench.button(/^UTC\+0[12]:00$/)).toBeVisible();
  await expect(workbench.rows.first()).toContainText(clock("Europe/Berlin"));
  expect(workbench.parameters().get("tz")).toBe("local");
  await page.reload();
  await workbench.settled();
  await expect(workbench.rows.first()).toContainText(clock("Europe/Berlin"));
});

test("the theme outlasts a reload", async ({ page, workbench }) => {
  const root = page.locator("html");
  await page.emulateMedia({ colorScheme: "light" });
  await workbench.open();
  await expect(root).toHaveAttribute("data-theme", "light");
  await page.emulateMedia({ colorScheme: "dark" });
  await expect(root).toHaveAttribute("data-theme", "dark");

  await workbench.button("Theme: Auto").click();
  await expect(workbench.button("Theme: Light")).toBeVisible();
  await expect(root).toHaveAttribute("data-theme", "light");
  await page.reload();
  await expect(workbench.button("Theme: Light")).toBeVisible();
  await expect(root).toHaveAttribute("data-theme", "light");
});

test("the shared link holds the time and the source", async ({ context, page, workbench }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await workbench.open({ q: "queue_depth", k: "5" });
  await workbench.button("Share").click();
  await expect(workbench.button("Link copied")).toBeVisible();
  const { searchParams } = new URL(await page.evaluate(() => navigator.clipboard.readText()));
  for (const key of ["q", "from", "to", "step", "source", "k"]) expect(searchParams.has(key), key).toBe(true);
  expect(searchParams.get("k")).toBe("5");
});

test("a fixed range is typed, checked and kept", async ({ page, prometheus, workbench }) => {
  await workbench.open({ q: "queue_depth" });
  await page.getByRole("combobox", { name: "Range" }).selectOption("fixed");
  await page.getByLabel("From (UTC)").fill("soon");
  await workbench.button("Apply").click();
  await expect(workbench.alert).toContainText("soon");
  await expect(page.getByLabel("From (UTC)")).toHaveValue("soon");

  const { spike } = prometheus.data;
  const time = (seconds: number) => new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19);
  await page.getByLabel("From (UTC)").fill(time(spike.start - 7200));
  await page.getByLabel("To (UTC)").fill(time(spike.start + 1800));
  await workbench.answer(() => workbench.button("Apply").click());
  await expect(workbench.headline).toHaveText(/spike to 60/);
  expect(workbench.parameters().get("from")).toBe(time(spike.start - 7200).replace(" ", "T").concat("Z"));
});

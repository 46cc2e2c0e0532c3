// What the address holds, and what only the browser keeps.

import { expect, test } from "../support/fixtures.ts";

test("a link of Prometheus' graph page opens", async ({ page, workbench }) => {
  await page.goto("/?g0.expr=queue_depth&g0.range_input=6h&g0.step_input=60");
  await workbench.settled();
  await expect(workbench.editor).toHaveText("queue_depth");
  await expect(workbench.headline).toHaveText(/anomaly in 6 h: spike to 60/);
  await expect(page.getByRole("combobox", { name: "Range" })).toHaveValue("6h");
  await expect(page.getByRole("combobox", { name: "Step" })).toHaveValue("1m");
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
  expect((await workbench.parameters()).get("tz")).toBe("local");
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

test("the shared link holds the time and the source", async ({ context, workbench }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await workbench.open({ q: "queue_depth", k: "5" });
  const { searchParams } = new URL(await workbench.copy("Share", "Link copied"));
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
  expect((await workbench.parameters()).get("from")).toBe(time(spike.start - 7200).replace(" ", "T").concat("Z"));
});

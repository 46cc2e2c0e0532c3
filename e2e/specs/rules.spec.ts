// The rules that the page gives: they say what the page says, on the demo source and on a real Prometheus.

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "../support/fixtures.ts";

/** Writes files into a folder of its own and runs promtool there. */
async function promtool(args: string[], files: Record<string, string | Buffer>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "oddity-rules-"));
  try {
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(directory, name), text)));
    const { stdout, stderr } = await promisify(execFile)("promtool", args, { cwd: directory });
    return stdout + stderr;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

for (const detector of ["rolling", "robust", "zscore", "record", "slope"]) {
  test(`the ${detector} rule agrees at every sample of a real Prometheus`, async ({ page, workbench }) => {
    await workbench.open({ q: "queue_depth", tab: "rules", detector, range: "6h", step: "1m" });
    await workbench.button("Verify").click();
    await expect(page.getByText("✓ 361 of 361 samples agree")).toBeVisible();
  });
}

test("the rule agrees at every sample of the demo", async ({ page, workbench, demo }) => {
  await workbench.open({ q: "rate(dhcp_lease_count[5m]) * 60", tab: "rules", detector: "rolling" }, demo.url);
  await workbench.button("Verify").click();
  await expect(page.getByText("✓ 1,441 of 1,441 samples agree")).toBeVisible();
  // Another detector has not been verified.
  await workbench.choose("Z-score");
  await expect(page.getByText(/samples agree/)).toHaveCount(0);
});

test("differences are listed and marked", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth", tab: "rules", detector: "rolling", range: "6h", step: "1m" });
  // A source that gives something else at one sample.
  await page.route("**/query_range", async (route) => {
    const response = await route.fetch();
    const reply = (await response.json()) as { data: { result: { values: [number, string][] }[] } };
    const values = reply.data.result[0]?.values ?? [];
    const middle = values[Math.floor(values.length / 2)];
    if (middle) middle[1] = "77";
    await route.fulfill({ response, json: reply });
  });
  await workbench.button("Verify").click();
  await expect(page.getByText("✗ 360 of 361 samples agree")).toBeVisible();
  await expect(page.getByRole("cell", { name: "77", exact: true })).toBeVisible();
  await expect(page.getByText("× rule differs")).toBeVisible();
});

test("a failed verification says why", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth", tab: "rules", detector: "rolling" });
  await page.route("**/query_range", (route) => route.abort());
  await workbench.button("Verify").click();
  await expect(page.getByText(/cannot reach the Oddity server/)).toBeVisible();
});

test("the rules are copied and downloaded, and promtool accepts them", async ({ context, page, workbench }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await workbench.open({ q: "queue_depth", tab: "rules", detector: "rolling" });
  for (const windows of ["Subqueries", "Recorded"]) {
    await workbench.button(windows).click();
    await expect(workbench.button(windows)).toHaveAttribute("aria-pressed", "true");
    await expect(page.getByText(/^Each evaluation reads [\d,]+ samples per series/)).toBeVisible();
    const shown = await page.getByLabel("Rules as YAML").innerText();
    expect((await workbench.copy("Copy", "Copied")).trimEnd()).toBe(shown.trimEnd());
    await expect(workbench.button("Copy")).toBeVisible();
    const { name, bytes } = await workbench.download("Download .yml");
    expect(name).toBe("oddity_queue_depth_rolling.yml");
    expect(bytes.toString("utf8").trimEnd()).toBe(shown.trimEnd());
    expect(await promtool(["check", "rules", name], { [name]: bytes })).toContain("SUCCESS");

    await workbench.button("Test").click();
    const tested = await workbench.download("Download .yml");
    expect(tested.name).toBe("oddity_queue_depth_rolling.test.yml");
    expect(await promtool(["test", "rules", tested.name], { [name]: bytes, [tested.name]: tested.bytes })).toContain("SUCCESS");
    await workbench.button("Rules").click();
  }
});

test("rules without a test say why", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth", tab: "rules", detector: "zscore" });
  await workbench.button("Test").click();
  await expect(page.getByRole("heading", { name: "No unit test available" })).toBeVisible();
  await expect(workbench.button("Download .yml")).toBeDisabled();
  await workbench.button("Rules").click();
  await expect(workbench.button("Download .yml")).toBeEnabled();
});

test("the tab is in the address and among the tabs of the keyboard", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth" });
  await workbench.tab("Events").focus();
  await page.keyboard.press("ArrowLeft");
  await expect(workbench.tab("Rules")).toBeFocused();
  await expect(page.getByLabel("Rules as YAML").or(page.getByRole("heading", { name: "Rules not available" }))).toBeVisible();
  expect((await workbench.parameters()).get("tab")).toBe("rules");
  await page.keyboard.press("ArrowRight");
  await expect(workbench.tab("Events")).toBeFocused();
});

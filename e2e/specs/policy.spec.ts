// What the page does stays within its content security policy and on its own server, whatever a source says.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures.ts";
import { startOddity } from "../support/oddity.ts";
import { Workbench } from "../support/workbench.ts";

/** Links that lead away from the page, and elements that a text has made. */
async function made(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const links = [...document.querySelectorAll("a[href], area[href], form[action]")];
    const foreign = links.filter((link) => {
      const url = new URL(link.getAttribute("href") ?? link.getAttribute("action") ?? "", location.href);
      return url.origin !== location.origin || url.protocol === "javascript:";
    });
    const others = [...document.querySelectorAll("img, iframe, object, embed, base, script:not([src])")];
    return [...foreign, ...others].map((element) => element.outerHTML);
  });
}

test("the guard sees what breaks the policy and what asks elsewhere", async ({ page, workbench, guard }) => {
  await workbench.open({ q: "queue_depth" });
  await page.evaluate(async () => {
    const script = document.createElement("script");
    script.textContent = "window.inlined = true";
    document.body.append(script);
    const image = document.createElement("img");
    image.src = "http://evil.example/pixel";
    document.body.append(image);
    const link = document.createElement("a");
    link.href = "https://evil.example";
    document.body.append(link);
    await fetch("http://evil.example/").catch(() => undefined);
  });
  const broken = () => guard.filter((fault) => fault.startsWith("broke ")).length;
  await expect.poll(broken, "the guard has seen what breaks the policy").toBeGreaterThanOrEqual(3);
  expect(guard.join("\n")).toMatch(/broke script-src[\s\S]*evil\.example/);
  expect(await page.evaluate(() => "inlined" in window)).toBe(false);
  expect(await made(page)).toHaveLength(3);
  guard.length = 0;
});

test("nothing on the workbench breaks the policy or asks another origin", async ({ page, workbench, demo }) => {
  await workbench.open({}, demo.url);
  await workbench.type("rate(dhcp");
  await page.keyboard.press("ControlOrMeta+Space");
  await page.keyboard.press("Escape");
  await workbench.run("rate(dhcp_lease_count[5m]) * 60");
  await workbench.chart.hover();
  await workbench.rows.first().getByRole("button").first().click();
  await workbench.turn("Sensitivity", "ArrowRight", (value) => value <= 3);
  for (const name of ["Robust band", "Slope change", "Automatic"]) {
    await workbench.detector.click();
    const choice = page.getByRole("radio", { name, exact: true });
    if ((await choice.count()) > 0) await choice.click();
    else await page.keyboard.press("Escape");
  }
  for (const tab of ["Report", "Rules", "Events"] as const) await workbench.tab(tab).click();
  await workbench.download("Save PNG");
  await workbench.run("cache_hit_ratio");
  await workbench.run("sum by (");
  await expect(workbench.alert).toBeVisible();
  expect(await made(page)).toEqual([]);
});

test("hostile labels are shown as text", async ({ page, workbench }) => {
  const hostile = [
    '<img src=x onerror="alert(1)">',
    '<a href="https://evil.example">click</a>',
    "<script>alert(1)</script>",
    "[x](javascript:alert(1)) ![y](https://evil.example/p.png)",
    "\u202egnp.exe\u202c",
    "x".repeat(100_000),
    "{{constructor.constructor('alert(1)')()}}",
  ];
  await page.route("**/query_range", async (route) => {
    const response = await route.fetch();
    const reply = (await response.json()) as { data: { result: { metric: object; values: unknown[] }[] } };
    const values = reply.data.result[0]?.values ?? [];
    reply.data.result = hostile.map((text) => ({ metric: { __name__: text, queue: text }, values }));
    await route.fulfill({ response, json: reply });
  });
  await workbench.open({ q: "queue_depth", detector: "rolling" });
  await expect(page.getByText("onerror").first()).toBeVisible();
  await workbench.chart.hover();
  for (const tab of ["Report", "Rules", "Events"] as const) await workbench.tab(tab).click();
  const { bytes } = await workbench.download("Save PNG");
  expect(bytes.length).toBeGreaterThan(1_000);
  expect(await made(page)).toEqual([]);
});

test("a browser signs in by name and password", async ({ browser }) => {
  const directory = await mkdtemp(join(tmpdir(), "oddity-auth-"));
  const file = join(directory, "secrets");
  await writeFile(file, "ann:secret\n");
  try {
    for (const [way, name] of [
      ["basic", "ann"],
      ["bearer", "whoever"],
    ]) {
      if (way === "bearer") await writeFile(file, "secret\n");
      const oddity = await startOddity({ ODDITY_AUTH: `${way}:${file}` });
      try {
        const stranger = await browser.newContext();
        expect((await stranger.request.get(oddity.url)).status()).toBe(401);
        await stranger.close();
        const context = await browser.newContext({ httpCredentials: { username: String(name), password: "secret" } });
        const page = await context.newPage();
        const refused: string[] = [];
        page.on("response", (response) => {
          if (response.status() === 401) refused.push(response.url());
        });
        const workbench = new Workbench(page);
        await workbench.open({ q: "rate(dhcp_lease_count[5m]) * 60", detector: "rolling" }, oddity.url);
        await expect(workbench.rows.first()).toBeVisible();
        // A browser may ask once without, to be told how to sign in.
        expect(refused.filter((url) => !url.startsWith(`${oddity.url}/?`))).toEqual([]);
        await context.close();
      } finally {
        await oddity.stop();
      }
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

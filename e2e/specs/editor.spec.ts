// The keys of the editor and of the page.

import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures.ts";
import type { Workbench } from "../support/workbench.ts";

/** Leaves the editor by Escape, which first closes a list of completions each time that there is one. */
async function leave(page: Page, workbench: Workbench) {
  await expect(async () => {
    await page.keyboard.press("Escape");
    expect(await workbench.editor.evaluate((editor) => editor === document.activeElement), "the editor has the focus").toBe(false);
  }).toPass();
}

test("Shift+Enter makes a line and Ctrl+Enter runs", async ({ page, workbench }) => {
  await workbench.open();
  await workbench.type("queue_depth");
  const requests = await workbench.requestsDuring(async () => {
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.insertText("* 1");
  });
  expect(requests.filter((request) => request.includes("/query_range"))).toEqual([]);
  await expect(workbench.editor.locator(".cm-line")).toHaveText(["queue_depth", "* 1"]);
  await workbench.answer(() => page.keyboard.press("Control+Enter"));
  expect((await workbench.parameters()).get("q")).toBe("queue_depth\n* 1");
  await expect(workbench.headline).toHaveText(/spike to 60/);
});

test("the names of metrics are offered", async ({ page, workbench }) => {
  await workbench.open();
  await workbench.editor.click();
  await page.keyboard.type("queue", { delay: 50 });
  const option = page.getByRole("option", { name: /^queue_depth/ });
  await expect(option).toBeVisible();
  await expect(option).toHaveAttribute("aria-selected", "true");
  // The first Enter takes the offer, the second runs. In its first moment an offer takes no key: it is an hour old now.
  await page.clock.setFixedTime(Date.now() + 3_600_000);
  await page.keyboard.press("Enter");
  await expect(workbench.editor).toHaveText("queue_depth");
  await workbench.answer(() => page.keyboard.press("Enter"));
  await expect(workbench.headline).toHaveText(/spike to 60/);
});

test("the names and values of labels are offered", async ({ page, workbench }) => {
  await workbench.open();
  await workbench.editor.click();
  await page.keyboard.type("queue_depth{q", { delay: 50 });
  const offers = page.getByRole("listbox", { name: "Completions" });
  await expect(offers.getByRole("option", { name: /^queue/ }).first()).toBeVisible();
  await page.keyboard.type('ueue="', { delay: 50 });
  await expect(offers.getByRole("option", { name: /^mail/ })).toBeVisible();
});

test("a question mark shows the shortcuts, but not while one types", async ({ page, workbench }) => {
  const dialog = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await workbench.open();
  await workbench.editor.click();
  await page.keyboard.type("?");
  await expect(workbench.editor).toHaveText("?");
  await expect(dialog).toBeHidden();

  await leave(page, workbench);
  await page.keyboard.press("?");
  await expect(dialog).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await workbench.button("Keyboard shortcuts").click();
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(dialog).toBeHidden();
});

test("a slash goes to the editor and Escape leaves it", async ({ page, workbench }) => {
  await workbench.open();
  await page.keyboard.press("/");
  await expect(workbench.editor).toBeFocused();
  await page.keyboard.type("a / b");
  await expect(workbench.editor).toHaveText("a / b");
  await leave(page, workbench);
  await expect(workbench.editor).toHaveText("a / b");
});

test("Escape closes a list of completions and stays in the editor", async ({ page, workbench }) => {
  await workbench.open();
  await workbench.editor.click();
  await page.keyboard.type("queue_de", { delay: 50 });
  const completions = page.getByRole("listbox", { name: "Completions" });
  await expect(completions).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(completions).toBeHidden();
  await expect(workbench.editor).toBeFocused();
});

test("the examples of the source run with a click", async ({ page, workbench, demo }) => {
  await workbench.open({}, demo.url);
  const example = page.getByRole("main").getByRole("listitem").getByRole("button").first();
  const expr = await example.locator("code").innerText();
  await workbench.answer(() => example.click());
  await expect(workbench.editor).toHaveText(expr);
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Recent queries" })).toBeVisible();
});

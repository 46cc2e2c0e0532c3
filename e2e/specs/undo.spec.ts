// Changes that are undone, queries that were run before, and views that have a name.

import { expect, test } from "../support/fixtures.ts";

test("a change of settings is undone by key, by button and by Back", async ({ page, workbench }) => {
  const k = async () => (await workbench.parameters()).get("k");
  await workbench.open({ q: "queue_depth", detector: "rolling" });
  await expect(workbench.button("Undo")).toBeDisabled();
  await workbench.slider("Sensitivity").focus();
  await page.keyboard.press("ArrowRight");
  await expect.poll(k).not.toBeNull();
  const tuned = await k();

  await page.keyboard.press("ControlOrMeta+z");
  await expect.poll(k).toBeNull();
  await page.keyboard.press("ControlOrMeta+Shift+z");
  await expect.poll(k).toBe(tuned);
  await workbench.button("Undo").click();
  await expect.poll(k).toBeNull();
  await expect(workbench.button("Undo")).toBeDisabled();
  await workbench.button("Redo").click();
  await expect.poll(k).toBe(tuned);
  await expect(workbench.button("Redo")).toBeDisabled();
  await page.goBack();
  await expect.poll(k).toBeNull();
});

test("a query is undone, and text in the editor by itself", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth" });
  await workbench.run("mail_sessions");
  await workbench.headline.click();
  await workbench.answer(() => page.keyboard.press("ControlOrMeta+z"));
  await expect(workbench.editor).toHaveText("queue_depth");
  await workbench.type("mail_sessions");
  await page.keyboard.press("ControlOrMeta+z");
  await expect(workbench.editor).toHaveText("queue_depth");
  expect((await workbench.parameters()).get("q")).toBe("queue_depth");
});

test("recent queries are searched from an empty editor", async ({ page, workbench }) => {
  await workbench.open();
  await workbench.run("queue_depth");
  await workbench.run("mail_sessions");
  await workbench.editor.click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.press("Delete");
  await page.keyboard.press("ArrowUp");
  const search = page.getByRole("searchbox", { name: "Search recent queries" });
  await expect(search).toBeFocused();
  const listed = page.getByRole("dialog").getByRole("list", { name: "Recent queries" }).getByRole("button");
  await expect(listed).toHaveText(["mail_sessions", "queue_depth"]);
  await search.fill("DEPTH que");
  await expect(listed).toHaveText(["queue_depth"]);
  await workbench.answer(() => page.keyboard.press("Enter"));
  await expect(workbench.editor).toHaveText("queue_depth");
  await expect(page.getByRole("dialog")).toBeHidden();
});

test("views are saved, exported, deleted and imported", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth", range: "6h", detector: "rolling" });
  const dialog = page.getByRole("dialog");
  const views = dialog.getByRole("list", { name: "Saved views" });
  await workbench.button("History").click();
  await dialog.getByLabel("Name of this view").fill("Mail queue");
  await workbench.button("Save view").click();
  await expect(dialog.getByRole("status")).toHaveText('Saved "Mail queue" in this browser.');
  const { name, bytes } = await workbench.download("Export");
  expect(name).toBe("oddity-views.json");

  await page.reload();
  await workbench.settled();
  await workbench.button("History").click();
  await workbench.button("Delete Mail queue").click();
  await expect(views.getByRole("listitem")).toHaveCount(0);

  const file = dialog.getByLabel("Import");
  const json = (text: string) => ({ name: "views.json", mimeType: "application/json", buffer: Buffer.from(text) });
  const hostile: [string, RegExp][] = [
    ["<html>", /no list of views that Oddity exported/],
    ['{"oddity_views":[{"name":"x","view":"q=up&k=no"}]}', /"x" cannot be read: invalid k=no/],
    [" ".repeat(2_000_000), /2000000 bytes/],
  ];
  for (const [text, says] of hostile) {
    await file.setInputFiles(json(text));
    await expect(dialog.getByRole("alert")).toHaveText(says);
    await expect(views.getByRole("listitem")).toHaveCount(0);
  }
  await file.setInputFiles(json(bytes.toString()));
  await expect(dialog.getByRole("status")).toHaveText("Imported 1 view.");

  await dialog.getByRole("button", { name: "Close" }).click();
  await workbench.run("mail_sessions");
  await workbench.button("History").click();
  await workbench.answer(() => views.getByRole("button", { name: "Mail queue", exact: true }).click());
  const { q, range, detector } = Object.fromEntries(await workbench.parameters());
  expect({ q, range, detector }).toEqual({ q: "queue_depth", range: "6h", detector: "rolling" });
});

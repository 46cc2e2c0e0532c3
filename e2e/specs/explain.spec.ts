// A language model's opinion: what it is sent, how its answer comes, and what becomes of it.

import { expectAccessible } from "../support/axe.ts";
import { expect, test as base } from "../support/fixtures.ts";
import { type Model, startModel } from "../support/model.ts";
import { startOddity } from "../support/oddity.ts";
import type { Server } from "../support/server.ts";

const DHCP = "rate(dhcp_lease_count[5m]) * 60";

const test = base.extend<{ model: Model; asking: Server }>({
  model: async ({}, use) => {
    const model = await startModel();
    await use(model);
    await model.stop();
  },
  /** The demo source with the model beside it. */
  asking: async ({ model }, use) => {
    const server = await startOddity({ OPENAI_BASE_URL: model.url, OPENAI_MODEL: "tiny-1" });
    await use(server);
    await server.stop();
  },
});

test.beforeEach(async ({ page, workbench, asking }) => {
  await workbench.open({ tab: "explain" }, asking.url);
  await workbench.run(DHCP);
  await expect(page.getByRole("tabpanel")).toContainText("tiny-1");
});

test("every word is shown before it is sent", async ({ page, model, workbench }) => {
  const panel = page.getByRole("tabpanel");
  await expect(panel).toContainText("a model on the server's machine, tiny-1");
  await panel.getByText(/^Prompt for .*: about [\d,]+ tokens$/).click();
  const sent = panel.locator("details.sent pre");
  await expect(sent).toHaveCount(2);
  await expect(sent.nth(1)).toContainText("Event 1: a spike in ");
  const shown = await sent.allInnerTexts();
  expect(model.asked()).toEqual([]);

  model.say({ pieces: ["It **may** be ", "a restart."] });
  await workbench.button("Ask").click();
  await expect(panel.getByRole("article", { name: "Answer" }).locator("strong")).toHaveText("may");
  await expect(panel).toContainText("It may be a restart.");
  for (const text of shown) expect(model.asked()[0]).toContain(text);

  // A question about that takes the answer along; Enter sends it.
  await panel.getByRole("textbox", { name: "Follow-up question" }).fill("Of which server?");
  await page.keyboard.press("Enter");
  await expect(panel.getByRole("article", { name: "Answer" })).toHaveCount(2);
  await expect(panel.locator(".asked")).toHaveText("Of which server?");
  expect(model.asked()[1]).toContain("[assistant] It **may** be a restart.\n[user] Of which server?");
});

test("what else moved is among the facts once it was looked at", async ({ page, model, workbench }) => {
  await workbench.tab("Events").click();
  await workbench.button("Explain").first().click();
  await workbench.button("Find related changes").click();
  await expect(page.locator(".related").getByRole("listitem")).toHaveCount(2);
  await workbench.tab("Assistant").click();
  model.say({ pieces: ["The pool is nearly empty."] });
  await workbench.button("Ask").click();
  await expect(page.getByRole("tabpanel")).toContainText("The pool is nearly empty.");
  expect(model.asked()[0]).toContain("\nRelated change: dhcp_pool_free_addresses{");
});

test("values of labels stay here and come back in the answer", async ({ page, model, workbench }) => {
  const panel = page.getByRole("tabpanel");
  await panel.getByLabel("Hide label values").check();
  model.say({ pieces: ["Look at jo", "b_", "1 first."] });
  await workbench.button("Ask").click();
  await expect(panel).toContainText("Look at dhcp first.");
  expect(model.asked()[0]).toContain('job="job_1"');
  expect(model.asked()[0]).not.toContain('"dhcp"');
});

test("an answer can be stopped and stays while other results are looked at", async ({ page, model, workbench }) => {
  const panel = page.getByRole("tabpanel");
  model.say({ pieces: ["One word"], then: "hang" });
  await workbench.button("Ask").click();
  await expect(panel).toContainText("One word");
  await workbench.tab("Events").click();
  await workbench.tab("Assistant").click();
  await expect(panel).toContainText("Answering…");
  await workbench.button("Stop").click();
  await expect.poll(model.left, "the model is no longer listened to").toBe(1);
  await expect(panel).toContainText("Stopped.");
  await expect(panel).toContainText("One word");
});

test("a fault says what to change and loses nothing that was typed", async ({ page, model, workbench }) => {
  const panel = page.getByRole("tabpanel");
  await panel.getByRole("combobox", { name: "What to ask" }).selectOption("question");
  const own = panel.getByRole("textbox", { name: "Your question" });
  await own.fill("Why at night?");
  for (const [script, words] of [
    [{ status: 401 }, "The provider refused this server's key (status 401): check OPENAI_API_KEY."],
    [{ status: 429, headers: { "retry-after": "20" } }, "The provider accepts no more requests at the moment: try again in 20 s."],
    [{ status: 400 }, "The provider refused the question (status 400)"],
  ] as const) {
    model.say(script);
    await workbench.button("Ask").click();
    await expect(workbench.alert).toContainText(words);
    await expect(own).toHaveValue("Why at night?");
  }
  model.say({ pieces: ["Because"], then: "cut" });
  await workbench.button("Ask").click();
  await expect(workbench.alert).toContainText("broke off in the middle of its answer");
  await expect(panel.getByRole("article", { name: "Answer" })).toContainText("Because");
});

test("numbers that are not in the facts are marked, and the report says whose opinion it is", async ({ page, model, workbench }) => {
  const panel = page.getByRole("tabpanel");
  model.say({ pieces: ["The peak of 37 fits, the 4", "711 clients do not.\n\n````\n# Owned"] });
  await workbench.button("Ask").click();
  await expect(panel.locator("mark")).toHaveText("4711");
  await expect(panel).toContainText("Not in the facts: 4711");
  await workbench.button("Add to report").click();
  await workbench.tab("Report").click();
  const report = page.getByRole("article", { name: "Report" });
  await expect(report.getByRole("heading", { name: "What a language model says" })).toBeVisible();
  await expect(report).toContainText("a model on the server's machine, tiny-1");
  await expect(report).toContainText("Nobody has verified it");
  await expect(report.getByRole("heading", { name: "Owned" })).toHaveCount(0);
});

test("an answer draws nothing, leads nowhere and asks nobody", async ({ page, model, workbench }) => {
  const panel = page.getByRole("tabpanel");
  const hostile = "![x](//evil.example?d=1) <img src=x onerror=alert(1)> [a](https://evil.example/?d=2) [b](javascript:alert(1)) <https://evil.example>\n\n# Big";
  model.say({ pieces: [...hostile] });
  await workbench.button("Ask").click();
  await expect(panel).toContainText("Big");
  await expect(panel).toContainText("The answer is complete.");
  const answer = panel.getByRole("article", { name: "Answer" });
  await expect(answer.locator("img, a, script, h1")).toHaveCount(0);
});

test("an answer is copied as it was shown", async ({ page, context, model, workbench }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  model.say({ pieces: ["It **may** be ", "a restart."] });
  await workbench.button("Ask").click();
  await expect(page.getByRole("tabpanel")).toContainText("The answer is complete.");
  expect(await workbench.copy("Copy", "Copied")).toBe("It **may** be a restart.");
});

test("a conversation about an earlier analysis says so and stays out of the report", async ({ page, model, workbench }) => {
  const panel = page.getByRole("tabpanel");
  model.say({ pieces: ["A restart."] });
  await workbench.button("Ask").click();
  await workbench.button("Add to report").click();
  await workbench.run("queue_depth");
  await expect(panel).toContainText("About earlier results");
  await workbench.tab("Report").click();
  const report = page.getByRole("article", { name: "Report" });
  await expect(report.getByRole("heading", { name: "Query" }).or(report.getByRole("heading", { level: 1 })).first()).toBeVisible();
  await expect(report.getByRole("heading", { name: "What a language model says" })).toHaveCount(0);
  await workbench.tab("Assistant").click();
  await workbench.button("Ask about the current results").click();
  await expect(panel.getByRole("article", { name: "Answer" })).toHaveCount(0);
  await workbench.button("Ask").click();
  await expect(panel).toContainText("A restart.");
  expect(model.asked()[1]).toContain("queue_depth");
});

test("an answer with a marked number: no violation", async ({ page, model, workbench }) => {
  model.say({ pieces: ["The peak of 37 fits, the 4711 clients do not.\n\n- Look at `dhcp`\n\n| a | b |\n|---|---|\n| 1 | 2 |"] });
  await workbench.button("Ask").click();
  await expect(page.getByRole("tabpanel").locator("mark")).toHaveText("4711");
  await expectAccessible(page);
});

// What explains an event, in its row and in the report, and that a report can do nothing on the page.

import { expect, test } from "../support/fixtures.ts";

const DHCP = "rate(dhcp_lease_count[5m]) * 60";

test("an event opens to what was observed, what may be behind it, and the next query", async ({ page, workbench, demo }) => {
  await workbench.open({}, demo.url);
  await workbench.run(DHCP);
  const explain = workbench.button("Explain");
  await expect(explain).toHaveAttribute("aria-expanded", "false");
  await explain.click();
  const panel = page.getByRole("tabpanel");
  await expect(panel.getByText("These hypotheses were checked by queries on this source")).toBeVisible();
  await expect(panel.getByRole("button", { name: "Cancel" })).toBeHidden();
  await expect(panel.getByRole("term").first()).toHaveText("Peak");
  const first = panel.locator(".causes > li").first();
  await expect(first).toContainText(/supported|moderate|low/);

  const query = await first.locator("code").first().innerText();
  await workbench.answer(() => first.getByRole("button", { name: "Run" }).first().click());
  await expect(workbench.editor).toHaveText(query);
  await workbench.answer(() => page.goBack());
  await expect(workbench.editor).toHaveText(DHCP);
  await expect(workbench.headline).toHaveText(/spike to 37/);
});

test("the report tells of causes and actions with the labels of the odd series", async ({ page, workbench, demo }) => {
  await workbench.open({}, demo.url);
  await workbench.run(DHCP);
  await workbench.tab("Report").click();
  const report = page.getByRole("article", { name: "Report" });
  await expect(report.getByRole("heading", { level: 1 })).toHaveText(/^DHCP lease rate spike: 37.*\/min against .* expected/);
  await expect(report.getByRole("heading", { name: "Possible causes" })).toBeVisible();
  await expect(report.getByRole("heading", { name: "Suspected causes" })).toBeHidden();
  await workbench.button("Details").click();
  await expect(report.getByRole("heading", { name: "Suspected causes" })).toBeVisible();
  const { bytes } = await workbench.download("Download .md");
  const text = bytes.toString("utf8");
  for (const part of ["## Next steps", "## Suspected causes", "| mitigate | 1 | | |", "### Queries to run next", 'job="dhcp"', "<https://"]) {
    expect(text).toContain(part);
  }
  await workbench.button("Markdown").click();
  await expect(page.locator(".report-raw")).toHaveText(text, { useInnerText: true });
});

test("where nothing is odd the report invents nothing", async ({ page, workbench, demo }) => {
  await workbench.open({ tab: "report" }, demo.url);
  await workbench.run("ntp_offset_seconds");
  const report = page.getByRole("article", { name: "Report" });
  await expect(report.getByRole("heading", { level: 1 })).toHaveText(/no anomalies$/);
  await expect(report).not.toContainText(/Possible|Next steps|LLM|model/);
});

test("an open report is all that goes to paper", async ({ page, workbench, demo }) => {
  await workbench.open({ tab: "report" }, demo.url);
  await workbench.run(DHCP);
  await page.evaluate("window.printed = 0; window.print = () => { window.printed += 1; }");
  await workbench.button("Print").click();
  await expect.poll(() => page.evaluate("window.printed"), "the page is printed").toBe(1);
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  await expect(page.getByRole("article", { name: "Report" })).toBeVisible();
  for (const rest of [page.getByRole("banner"), workbench.editor, workbench.chart, page.getByRole("tablist"), workbench.button("Print")]) {
    await expect(rest).toBeHidden();
  }
  const ink = await page.getByRole("article", { name: "Report" }).evaluate((article) => getComputedStyle(article).color);
  expect(ink).toBe("rgb(0, 0, 0)");
});

test("Markdown of others draws nothing, runs nothing and leads nowhere but to the web", async ({ page, workbench }) => {
  await workbench.open();
  const hostile = [
    "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "![a](https://evil.example/a.png) ![b][b]",
    "[c](javascript:alert(1)) [d](//evil.example) [e](http://evil.example) [f](data:text/html,x) [g](/api/sources)",
    "[h](https://example.org/) [i](#what-happened) [j](#../x) <https://example.org/j>",
    "",
    "[b]: https://evil.example/b.png",
    "",
    '# What <b id="x">happened</b>',
    "",
    "| a |",
    "| - |",
    "| <svg onload=alert(1)> |",
  ].join("\n");
  const sent = await workbench.requestsDuring(async () => {
    const found = await page.evaluate((text) => {
      const host = document.createElement("div");
      // @ts-expect-error a global of the page's own scripts
      host.innerHTML = window.OddityMarkdown.render(text);
      document.body.append(host);
      const links = [...host.querySelectorAll("a")].map((link) => link.getAttribute("href"));
      const elements = [...new Set([...host.querySelectorAll("*")].map(({ tagName }) => tagName.toLowerCase()))].sort();
      return { links, elements, ids: [...host.querySelectorAll("[id]")].map(({ id }) => id) };
    }, hostile);
    // What would be a picture is a link that waits for a click.
    expect(found.links).toEqual(["https://evil.example/a.png", "https://evil.example/b.png", "https://example.org/", "#report-what-happened", "https://example.org/j"]);
    expect(found.elements).toEqual(["a", "div", "h1", "p", "table", "tbody", "td", "th", "thead", "tr"]);
    expect(found.ids).toEqual(["report-what-b-idxhappenedb"]);
  });
  expect(sent).toEqual([]);
});

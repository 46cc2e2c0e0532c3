// Events and reports go from the page to a real Alertmanager and a webhook, and what came of it is said.

import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { once } from "node:events";
import { startAlertmanager } from "../support/alertmanager.ts";
import { expectAccessible } from "../support/axe.ts";
import { expect, test } from "../support/fixtures.ts";
import { startOddity } from "../support/oddity.ts";

const DHCP = "rate(dhcp_lease_count[5m]) * 60";

test("an event is sent to a real Alertmanager once, and its link leads back", async ({ page, workbench }) => {
  const alertmanager = await startAlertmanager();
  const oddity = await startOddity({ ODDITY_ALERTMANAGER_URL: alertmanager.url });
  try {
    await workbench.open({ q: DHCP }, oddity.url);
    await workbench.button("Explain").first().click();
    await workbench.button("Send…").click();
    const dialog = page.getByRole("dialog", { name: "Send this event" });
    await expect(dialog.getByLabel("Message preview")).toContainText("in DHCP lease rate");
    expect(await alertmanager.alerts()).toEqual([]);
    await dialog.getByRole("button", { name: "Send", exact: true }).click();
    await expect(dialog.getByRole("status")).toHaveText("Sent to Alertmanager.");
    const [alert, ...others] = await alertmanager.alerts();
    expect(others).toEqual([]);
    expect(alert!.labels).toMatchObject({ alertname: "OddityAnomaly", kind: "spike", oddity_source: "demo", job: "dhcp" });
    expect(alert!.annotations.description).toMatch(/against .* expected from/);

    await dialog.getByRole("button", { name: "Close" }).click();
    await expect(dialog).toBeHidden();
    await workbench.button("Send…").click();
    await expect(dialog.getByRole("status")).toHaveText("Already sent to this target.");
    await expect(dialog.getByRole("button", { name: "Send again" })).toBeVisible();
    await dialog.getByRole("button", { name: "Test" }).click();
    await expect(dialog.getByRole("status")).toHaveText("Test message sent to Alertmanager.");
    expect((await alertmanager.alerts()).map(({ labels }) => labels.alertname).sort()).toEqual(["OddityAnomaly", "OddityTest"]);

    await page.goto(alert!.generatorURL);
    await workbench.settled();
    await expect(workbench.editor).toHaveText(DHCP);
  } finally {
    await oddity.stop();
    await alertmanager.stop();
  }
});

test("a report reaches a webhook signed, and a failure says what to check", async ({ page, workbench }) => {
  const received: { headers: IncomingHttpHeaders; body: string }[] = [];
  let status = 200;
  const hook = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    received.push({ headers: request.headers, body });
    response.writeHead(status).end();
  }).listen(0, "127.0.0.1");
  await once(hook, "listening");
  const address = hook.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const oddity = await startOddity({ ODDITY_WEBHOOK_URL: `http://127.0.0.1:${port}/secret-path`, ODDITY_WEBHOOK_SECRET: "hush" });
  try {
    await workbench.open({ q: DHCP, tab: "report" }, oddity.url);
    await workbench.button("Send…").click();
    const dialog = page.getByRole("dialog", { name: "Send report" });
    await expect(dialog.getByLabel("Message preview")).toContainText("Includes the full report.");
    status = 404;
    const send = dialog.getByRole("button", { name: "Send", exact: true });
    await send.click();
    await expect(dialog.getByRole("status")).toHaveText(/notification not sent: target "webhook" answered with status 404; check ODDITY_WEBHOOK_URL/);
    expect(await page.content()).not.toContain("secret-path");
    status = 200;
    await send.click();
    await expect(dialog.getByRole("status")).toHaveText("Sent to Webhook.");
    const { headers, body } = received[1]!;
    const digest = createHmac("sha256", "hush").update(`${headers["x-oddity-delivery"]}.${headers["x-oddity-timestamp"]}.${body}`).digest("hex");
    expect(headers["x-oddity-signature"]).toBe(`v2=${digest}`);
    const sent = JSON.parse(body);
    expect(sent).toMatchObject({ version: 1, type: "report", expr: DHCP });
    expect(sent.report).toContain("## Possible causes");

    await expectAccessible(page);
  } finally {
    await oddity.stop();
    hook.close();
  }
});

test("without a target nothing offers to send, and the help says so", async ({ page, workbench, demo }) => {
  await workbench.open({ q: DHCP, tab: "report" }, demo.url);
  await expect(workbench.button("Download .md")).toBeVisible();
  await expect(workbench.button("Send…")).toHaveCount(0);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toContainText("once one is configured on the server");
});

// Links to the same query and time in other tools.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "../support/fixtures.ts";
import { startOddity } from "../support/oddity.ts";

test("the query opens in Prometheus and in Grafana", async ({ page, workbench, prometheus }) => {
  const folder = await mkdtemp(join(tmpdir(), "oddity-config-"));
  const config = join(folder, "oddity.toml");
  await writeFile(
    config,
    `[[source]]\nid = "a"\nurl = "${prometheus.url}"\nexternal_url = "${prometheus.url}/"\n` +
      'grafana_url = "https://grafana.example/x"\ngrafana_datasource = "uid1"\n',
  );
  const oddity = await startOddity({ ODDITY_CONFIG: config });
  await page.clock.setFixedTime(prometheus.data.now * 1000);
  await workbench.open({ q: "queue_depth > 50", range: "6h", step: "1m" }, oddity.url);
  const address = async (name: string) => new URL((await page.getByRole("link", { name }).getAttribute("href")) ?? "");

  const graph = await address("Open in Prometheus");
  expect(graph.origin + graph.pathname).toBe(`${prometheus.url}/graph`);
  expect(graph.searchParams.get("g0.expr")).toBe("queue_depth > 50");
  expect(graph.searchParams.get("g0.step_input")).toBe("60");
  expect(graph.searchParams.get("g0.end_input")).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);

  const explore = await address("Open in Grafana Explore");
  expect(explore.origin + explore.pathname).toBe("https://grafana.example/x/explore");
  const { oddity: pane } = JSON.parse(explore.searchParams.get("panes") ?? "");
  expect(pane.queries[0].expr).toBe("queue_depth > 50");
  expect(Number(pane.range.to) - Number(pane.range.from)).toBe(6 * 3600 * 1000);
  await oddity.stop();
  await rm(folder, { recursive: true, force: true });
});

test("without their addresses there are no links", async ({ page, workbench }) => {
  await workbench.open({ q: "queue_depth" });
  await expect(page.getByRole("link", { name: /^Open in/ })).toHaveCount(0);
});

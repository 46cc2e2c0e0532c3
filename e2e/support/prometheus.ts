// A real Prometheus on loopback that holds the series of data.ts and scrapes nothing.

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Data, describe, openMetrics } from "./data.ts";
import { freePort, ready, type Server, start } from "./server.ts";

export interface Prometheus extends Server {
  data: Data;
}

/** A rule is not evaluated while a test runs: its group waits for a day. */
const RULES = `groups:
- name: mail
  interval: 1d
  rules:
  - alert: MailQueueLong
    expr: queue_depth > 50
  - record: queue:queue_depth:max
    expr: max by (queue) (queue_depth)
`;

export async function startPrometheus(): Promise<Prometheus> {
  const data = describe(Date.now() / 1000);
  const server = await startPrometheusWith(openMetrics(data), () => "rule_files: [rules.yml]\n", RULES);
  return { ...server, data };
}

/**
 * Starts a Prometheus that holds these samples.
 * @param samples OpenMetrics text
 * @param config its configuration, by its own host and port
 * @param rules content of rules.yml
 */
export async function startPrometheusWith(
  samples: Iterable<string>,
  config: (address: string) => string = () => "global: {}\n",
  rules = "groups: []\n",
): Promise<Server> {
  const directory = await mkdtemp(join(tmpdir(), "oddity-prometheus-"));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    await writeFile(join(directory, "samples.txt"), samples);
    await promisify(execFile)("promtool", ["tsdb", "create-blocks-from", "openmetrics", "samples.txt", "blocks"], {
      cwd: directory,
      maxBuffer: 2 ** 26,
    });
    const address = `127.0.0.1:${await freePort()}`;
    const url = `http://${address}`;
    await writeFile(join(directory, "prometheus.yml"), config(address));
    await writeFile(join(directory, "rules.yml"), rules);
    const server = start({
      command: "prometheus",
      args: ["--config.file=prometheus.yml", "--storage.tsdb.path=blocks", `--web.listen-address=${address}`],
      cwd: directory,
      env: process.env,
    });
    const stop = async () => {
      await server.stop();
      await remove();
    };
    try {
      await ready("prometheus", server, async () => {
        const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
        return answer?.ok || undefined;
      });
    } catch (error) {
      await stop();
      throw error;
    }
    return { url, stop };
  } catch (error) {
    await remove();
    throw error;
  }
}

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

export async function startPrometheus(): Promise<Prometheus> {
  const data = describe(Date.now() / 1000);
  const directory = await mkdtemp(join(tmpdir(), "oddity-prometheus-"));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    await writeFile(join(directory, "samples.txt"), openMetrics(data));
    await promisify(execFile)("promtool", ["tsdb", "create-blocks-from", "openmetrics", "samples.txt", "blocks"], {
      cwd: directory,
      maxBuffer: 2 ** 26,
    });
    await writeFile(join(directory, "prometheus.yml"), "global: {}\n");

    const address = `127.0.0.1:${await freePort()}`;
    const url = `http://${address}`;
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
    return { url, data, stop };
  } catch (error) {
    await remove();
    throw error;
  }
}

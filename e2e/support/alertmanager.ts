// A real Alertmanager on loopback, which tells nobody.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, ready, type Server, start } from "./server.ts";

export interface Alert {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  generatorURL: string;
}

export interface Alertmanager extends Server {
  /** Its active alerts. */
  alerts: () => Promise<Alert[]>;
}

/** Debian's name of its program, unless another one is given. */
const PROGRAM = process.env.ODDITY_ALERTMANAGER ?? "prometheus-alertmanager";

export async function startAlertmanager(): Promise<Alertmanager> {
  const directory = await mkdtemp(join(tmpdir(), "oddity-alertmanager-"));
  await writeFile(join(directory, "alertmanager.yml"), "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n");
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const server = start({
    command: PROGRAM,
    args: ["--config.file=alertmanager.yml", "--storage.path=data", `--web.listen-address=${address}`, "--cluster.listen-address="],
    cwd: directory,
    env: process.env,
  });
  const stop = async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await ready("alertmanager", server, async () => {
      const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
      return answer?.ok || undefined;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop, alerts: async () => (await (await fetch(`${url}/api/v2/alerts`)).json()) as Alert[] };
}

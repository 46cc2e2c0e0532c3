// The real binary on a free loopback port.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ready, type Server, start } from "./server.ts";

export const BINARY = process.env.ODDITY_BIN ?? fileURLToPath(new URL("../../target/release/oddity", import.meta.url));

/** Starts it with this environment and no other setting; without `PROMETHEUS_URL` it has the demo source alone. */
export async function startOddity(env: Record<string, string> = {}): Promise<Server> {
  // An empty directory, so that no .env is read.
  const directory = await mkdtemp(join(tmpdir(), "oddity-"));
  const server = start({ command: BINARY, args: ["--listen", "127.0.0.1:0"], cwd: directory, env });
  const stop = async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const url = await ready("oddity", server, () => server.output().match(/^Oddity listens on (http:\S+)$/m)?.[1]);
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

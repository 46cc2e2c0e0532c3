// Servers that a test starts, and ends by process id.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/** A running server. */
export interface Server {
  /** Origin, without a final slash. */
  url: string;
  /** Ends it and waits until it is gone. */
  stop: () => Promise<void>;
}

/** Milliseconds that a server has for its start and for its end; a slow machine needs many. */
const PATIENCE_MS = 120_000;

export interface Command {
  command: string;
  args: string[];
  cwd: string;
  env?: NodeJS.ProcessEnv;
}

/** Starts a process; what it writes is kept, to be shown when something fails. */
export function start({ command, args, cwd, env }: Command) {
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  child.on("error", (error) => {
    output += String(error);
  });
  return { child, output: () => output, stop: () => stop(child) };
}

async function stop(child: ChildProcess) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  await exit;
  clearTimeout(late);
}

/** Polls `look` until it returns something; fails when the process has ended, or has not started in `PATIENCE_MS`. */
export async function ready<T>(
  name: string,
  { child, output }: Pick<ReturnType<typeof start>, "child" | "output">,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (child.pid === undefined || child.exitCode !== null) break;
  }
  throw new Error(`${name} did not start:\n${output()}`);
}

/** A loopback port that nobody uses at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port on loopback");
  return address.port;
}

// Runs of `oddity detect`.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BINARY } from "./oddity.ts";

export interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
  /** Where a file is that it wrote. */
  path: (name: string) => string;
  file: (name: string) => Promise<string>;
}

/** Runs it to its end in a folder, with this environment and no other setting. */
export async function detect(folder: string, args: string[], env: Record<string, string>): Promise<Run> {
  const child = spawn(BINARY, ["detect", ...args], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      written[name] += chunk;
    });
  }
  const [status] = (await once(child, "close")) as [number | null];
  const path = (name: string) => join(folder, name);
  return { status, ...written, path, file: (name) => readFile(path(name), "utf8") };
}

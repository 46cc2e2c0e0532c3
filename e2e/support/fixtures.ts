// `test` with the servers it needs: one of each for a worker, started when the first test asks for it.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base } from "@playwright/test";
import { detect, type Run } from "./detect.ts";
import { startOddity } from "./oddity.ts";
import { type Prometheus, startPrometheus } from "./prometheus.ts";
import type { Server } from "./server.ts";
import { Workbench } from "./workbench.ts";

export { expect } from "@playwright/test";

/** Milliseconds for the start of a server and all that it needs. */
const START_MS = 240_000;

interface WorkerFixtures {
  prometheus: Prometheus;
  /** In front of `prometheus`; relative addresses in tests lead here. */
  oddity: Server;
  /** With nothing configured but the time of the planted events, so that its figures are the same at any hour. */
  demo: Server;
}

interface TestFixtures {
  /**
   * What the page did that it must not: threw, broke the content security policy, opened a dialog, or asked another
   * host than its own. Fails the test unless it is empty in the end.
   */
  guard: string[];
  workbench: Workbench;
  /** Runs `oddity detect` in a folder of the test. */
  detect: (args: string[], env: Record<string, string>) => Promise<Run>;
}

/**
 * The last 07:00 or 19:00 UTC that is an hour past: there the daily cycle of the demo's DHCP leases crosses its mean.
 * @param now milliseconds since 1970
 */
function quietHour(now: number): string {
  const hour = 3_600_000;
  const half = 12 * hour;
  return new Date(Math.floor((now - 8 * hour) / half) * half + 7 * hour).toISOString();
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  prometheus: [
    async ({}, use) => {
      const prometheus = await startPrometheus();
      await use(prometheus);
      await prometheus.stop();
    },
    { scope: "worker", timeout: START_MS },
  ],
  oddity: [
    async ({ prometheus }, use) => {
      const oddity = await startOddity({ PROMETHEUS_URL: prometheus.url });
      await use(oddity);
      await oddity.stop();
    },
    { scope: "worker", timeout: START_MS },
  ],
  demo: [
    async ({}, use) => {
      const demo = await startOddity({ ODDITY_DEMO_ANCHOR: quietHour(Date.now()) });
      await use(demo);
      await demo.stop();
    },
    { scope: "worker", timeout: START_MS },
  ],
  baseURL: async ({ oddity }, use) => use(oddity.url),
  guard: [
    async ({ page }, use) => {
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(`threw ${error.message}\n${error.stack}`));
      page.on("dialog", async (dialog) => {
        faults.push(`opened a dialog: ${dialog.message()}`);
        await dialog.dismiss();
      });
      await page.exposeFunction("reportViolation", (violation: string) => faults.push(violation));
      await page.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", (event) => {
          const { violatedDirective, blockedURI, sourceFile, lineNumber } = event;
          const { reportViolation } = window as unknown as { reportViolation: (violation: string) => void };
          reportViolation(`broke ${violatedDirective} with ${blockedURI} at ${sourceFile}:${lineNumber}`);
        });
      });
      page.on("request", (request) => {
        const url = new URL(request.url());
        const own = url.protocol === "blob:" || url.protocol === "data:" || url.hostname === "127.0.0.1";
        if (!own) faults.push(`asked ${request.url()}`);
      });
      await use(faults);
      base.expect(faults).toEqual([]);
    },
    { auto: true },
  ],
  workbench: async ({ page }, use) => use(new Workbench(page)),
  detect: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "oddity-detect-"));
    await use((args, env) => detect(folder, args, env));
    await rm(folder, { recursive: true, force: true });
  },
});

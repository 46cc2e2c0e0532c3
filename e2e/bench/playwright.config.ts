import { defineConfig } from "@playwright/test";
import base from "../playwright.config.ts";

export default defineConfig({
  ...base,
  testDir: ".",
  testMatch: "*.bench.ts",
  workers: 1,
  // A trace of the page would be measured with it.
  use: { ...base.use, trace: "off", screenshot: "off" },
});

// Runs markdownlint on the expected reports in the tests of `oddity-analysis`, without the header of the snapshots.

import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const root = new URL("../", import.meta.url);
const snapshots = new URL("shared/analysis/tests/snapshots/", root);
const found = createRequire(new URL("e2e/package.json", root)).resolve("markdownlint/sync");
const { lint } = await import(pathToFileURL(found).href);

// Sentences, queries and tables may be of any width.
const config = { default: true, "line-length": false };

const names = (await readdir(snapshots)).filter((name) => name.startsWith("report__"));
const strings = {};
for (const name of names) {
  const text = await readFile(new URL(name, snapshots), "utf8");
  strings[name] = text.slice(text.indexOf("\n---\n", 4) + "\n---\n".length);
}
const faults = Object.entries(lint({ strings, config })).flatMap(([name, list]) =>
  list.map(({ lineNumber, ruleNames, ruleDescription, errorDetail, errorContext }) =>
    [`${name}:${lineNumber}`, ruleNames.join("/"), ruleDescription, errorDetail, errorContext].filter(Boolean).join(" ")),
);
for (const fault of faults) console.error(fault);
if (names.length === 0) console.error("there are no reports to check");
if (faults.length > 0 || names.length === 0) process.exit(1);
console.log(`markdownlint: ${names.length} reports, no fault`);

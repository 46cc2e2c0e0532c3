// Checks that each doc comment of the Rust sources can be understood alone, because rustdoc shows it alone:
// `node scripts/lint-docs.mjs [--stats] [FILES...]`; without FILES, checks all sources that git tracks.
//
// - A doc comment does not begin with a word that refers to a neighbour ("Of", "The same", "What", "Its" ...) or in the middle of a
//   sentence (a lower-case letter), and does not end in the middle of a sentence (a comma, a semicolon). It has more than one word
//   besides an article, unless it documents a variant or a module.
// - The doc comment of a function begins with a verb in the third person: a word in -s, but not in -as, -is, -os, -ss or -us (except "Has"
//   and "Is"), that is not in NO_VERBS and not followed by a word that follows nouns ("Counts of", "Lines whose").
//   Leptos components are used like types, so they need no verb.
//
// Tests are not checked: functions with #[test], items with #[cfg(test)], and files and folders `tests`, `testing` and `benches`.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const SOURCES = /^(shared\/|(proxy|frontend|evaluate|bench|fuzz)\/(src|build\.rs))/;
const TESTS = /(^|\/)(tests|testing|benches)(\/|\.rs$)/;

const NEIGHBOUR =
  /^(Of|What|As|And|Or|But|Its|It|Their|They|Those|These|Such|Also|Likewise|Ditto|The (same|other|others|rest)|Same|So (many|much|long|far|few|often)|How (many|much|long|often)[.,]|Why[.,])(?![\w'’-])/;
const STUB = /^((the|a|an) )?`?[\w-]+`?[.]?$/i;
const CUT = /([,;]|\b(and|or|the|of|to|a|if|that|which))$/;

const THIRD_PERSON = /^([A-Z][a-z]*[b-hj-nprtv-z]s|Has|Is)$/;
const NOT_BEFORE = new Set(["of", "whose", "are", "were", "have"]);
const NO_VERBS = new Set(
  (
    "Always Besides Sometimes Perhaps Afterwards Upwards Downwards Backwards Forwards Towards Its Hers Ours Yours Theirs Others " +
    "Nanoseconds Microseconds Milliseconds Seconds Minutes Hours Days Weeks Months Years Bits Bytes Kilobytes Megabytes Pixels " +
    "Percents Digits Letters Words Sentences Strings Series Samples Values Timestamps Durations Rows Columns Cells Axes Indices " +
    "Weights Quantiles Medians Deviations Residuals Correlations Slopes Detectors Parameters Settings Options Candidates " +
    "Headers Connections Errors Events Anomalies Metrics Tokens Pseudonyms Origins Providers Files Folders Routes Edges " +
    "Examples Kubernetes Triangles Times"
  ).split(" "),
);

/** Yields the tokens of a file: doc comments, and code without other comments and with empty strings. */
function* tokens(text) {
  const token =
    /\/\/[^\n]*|\/\*|\bb?c?r(#*)"|\bb?c?"(?:[^"\\]|\\[^])*"|"(?:[^"\\]|\\[^])*"|b?'(?:[^'\\\n]|\\[^\n][^'\n]*)'|'[A-Za-z_]\w*|r#\w+|[A-Za-z_]\w*|\d\w*|\S/y;
  let line = 1;
  let from = 0;
  const lineAt = (at) => {
    for (; from < at; from++) if (text[from] === "\n") line++;
    return line;
  };
  for (let at = 0; at < text.length; ) {
    if (/\s/.test(text[at])) {
      at++;
      continue;
    }
    token.lastIndex = at;
    const [word, hashes] = token.exec(text);
    const start = lineAt(at);
    at = token.lastIndex;
    if (word.startsWith("//")) {
      const [, kind, rest] = /^\/\/(\/(?!\/)|!|)(.*)$/.exec(word.replace(/\r$/, ""));
      if (kind) yield { doc: kind === "!" ? "inner" : "outer", text: rest, line: start };
    } else if (word === "/*") {
      for (let depth = 1; depth > 0 && at < text.length; ) {
        if (text.startsWith("/*", at)) depth++;
        else if (text.startsWith("*/", at)) depth--;
        else {
          at++;
          continue;
        }
        at += 2;
      }
    } else if (hashes !== undefined) {
      const end = text.indexOf(`"${hashes}`, at);
      at = end < 0 ? text.length : end + 1 + hashes.length;
      yield { code: '""', line: start };
    } else yield { code: /^b?c?"/.test(word) ? '""' : word, line: start };
  }
}

const ITEMS = ["fn", "struct", "enum", "union", "trait", "impl", "mod", "const", "static", "type", "use", "macro_rules"];
const BEFORE_ITEMS = ["pub", "default", "async", "unsafe", "extern", '""'];

/** Returns the kind and name of the item at `at`, after its doc comments and attributes. */
function itemAt(list, at, block) {
  for (let i = at; i < list.length; i++) {
    const { code } = list[i];
    const next = list[i + 1]?.code;
    if (code === "pub" && next === "(") {
      while (list[i].code !== ")") i++;
      continue;
    }
    if (code === "const" && ["fn", "unsafe", "async", "extern"].includes(next)) continue;
    if (code === "macro_rules") return { kind: "macro", name: list[i + 2]?.code };
    if (ITEMS.includes(code) && !(code === "union" && next === ":")) return { kind: code, name: next };
    if (BEFORE_ITEMS.includes(code)) continue;
    if (block === "enum") return { kind: "variant", name: code };
    if (block === "fn") return { kind: "parameter", name: code };
    return { kind: ["struct", "variant", "union"].includes(block) ? "field" : "other", name: code };
  }
  return { kind: "other", name: "" };
}

/** Returns the doc comments of a file, each joined and with its item. */
export function docs(text) {
  const list = [...tokens(text)];
  const found = [];
  const blocks = [];
  let docLines = [];
  let attributes = [];
  let item = null;
  let hidden = Infinity;

  const add = (kind, name, tested) => {
    if (docLines.length === 0) return;
    const lines = docLines.map(({ text }) => text.replace(/^ /, ""));
    const component = kind === "fn" && attributes.includes("component");
    if (!tested && blocks.length < hidden)
      found.push({ line: docLines[0].line, kind: component ? "component" : kind, name, text: lines.join("\n").trim() });
    docLines = [];
  };

  for (let i = 0; i < list.length; i++) {
    const { doc, code } = list[i];
    if (doc === "inner") {
      docLines.push(list[i]);
      if (list[i + 1]?.doc !== "inner") add("mod", "", false);
      continue;
    }
    if (doc === "outer") {
      docLines.push(list[i]);
      continue;
    }
    const inner = list[i + 1]?.code === "!";
    if (code === "#" && list[i + (inner ? 2 : 1)]?.code === "[") {
      let depth = 0;
      const words = [];
      for (i += inner ? 2 : 1; i < list.length; i++) {
        words.push(list[i].code);
        if (list[i].code === "[") depth++;
        if (list[i].code === "]" && --depth === 0) break;
      }
      if (!inner) attributes.push(words.slice(1, -1).join(""));
      continue;
    }
    const block = blocks.at(-1);
    const opens = code === "{" || code === "(" || code === "[";
    if (docLines.length > 0 || attributes.length > 0 || (item === null && !opens)) {
      const { kind, name } = itemAt(list, i, block);
      const tested = attributes.some((a) => /^(cfg\(.*\btest\b|(\w+::)*test\b)/.test(a) && !/^cfg\(not/.test(a));
      add(kind, name, tested);
      item = { kind, tested };
      attributes = [];
    }
    if (opens) {
      if (item?.tested && blocks.length < hidden) hidden = blocks.length + 1;
      blocks.push(code === "[" ? "other" : (item?.kind ?? "other"));
      if (code === "{") item = null;
    } else if (code === "}" || code === ")" || code === "]") {
      blocks.pop();
      if (blocks.length + 1 === hidden) hidden = Infinity;
      if (code === "}") item = null;
    } else if (code === ";" || (code === "," && ["enum", "struct", "variant", "union"].includes(block))) {
      item = null;
    }
  }
  return found;
}

/** Returns why a doc comment cannot be understood without its neighbours, or null if it can. */
export function needsNeighbour({ kind, text }) {
  const summary = text.split(/\n\s*\n/)[0].replace(/\s+/g, " ");
  const begins = NEIGHBOUR.exec(summary);
  if (begins) return `begins with "${begins[0]}", which points at a neighbour`;
  if (/^[a-z]/.test(summary)) return "begins in mid-sentence, or with a name that is not in backquotes";
  if (CUT.test(summary)) return "ends in mid-sentence";
  if (!["variant", "mod"].includes(kind) && STUB.test(summary)) return "says no more than a name";
  return null;
}

/** Returns whether the doc comment of a function begins with a verb in the third person. */
export function beginsWithVerb(text) {
  const [first, second] = text.split(/\s+/);
  const word = first.replace(/[,.:;]$/, "");
  return THIRD_PERSON.test(word) && !NO_VERBS.has(word) && !NOT_BEFORE.has(second);
}

/** Returns the violations in the doc comments of a file. */
export function offences(text) {
  return docs(text).flatMap((doc) => {
    const faults = [];
    const why = needsNeighbour(doc);
    if (why) faults.push(why);
    if (doc.kind === "fn" && !beginsWithVerb(doc.text)) faults.push('does not begin with a verb in the third person, such as "Returns"');
    return faults.map((fault) => ({ line: doc.line, message: `${[doc.kind, doc.name].filter(Boolean).join(" ")}: ${fault}` }));
  });
}

function crateOf(path) {
  const parts = path.split("/");
  const source = parts.lastIndexOf("src");
  return parts.slice(0, source > 0 ? source : 1).join("/");
}

function stats(files) {
  const counts = new Map();
  for (const { path, text } of files) {
    for (const key of [crateOf(path), "all"]) {
      const row = counts.get(key) ?? { docs: 0, neighbour: 0, functions: 0, verbs: 0 };
      for (const doc of docs(text)) {
        row.docs++;
        if (needsNeighbour(doc)) row.neighbour++;
        if (doc.kind === "fn") {
          row.functions++;
          if (beginsWithVerb(doc.text)) row.verbs++;
        }
      }
      counts.set(key, row);
    }
  }
  const all = counts.get("all");
  counts.delete("all");
  const share = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)} %` : "-");
  const print = (...cells) => console.log(cells.map((c, i) => (i ? String(c).padStart(16) : c.padEnd(18))).join(""));
  print("crate", "doc comments", "need neighbour", "share", "function docs", "with verb", "share");
  for (const [name, c] of [...[...counts].sort(([a], [b]) => (a < b ? -1 : 1)), ["all", all]])
    print(name, c.docs, c.neighbour, share(c.neighbour, c.docs), c.functions, c.verbs, share(c.verbs, c.functions));
}

function main() {
  const args = process.argv.slice(2);
  const named = args.filter((arg) => !arg.startsWith("--"));
  const tracked = () => execFileSync("git", ["ls-files", "*.rs"], { cwd: root, encoding: "utf8" }).split("\n");
  const paths = named.length > 0 ? named : tracked().filter((path) => SOURCES.test(path) && !TESTS.test(path));
  const base = named.length > 0 ? "" : root;
  const files = paths.map((path) => ({ path, text: readFileSync(base + path, "utf8") }));
  if (args.includes("--stats")) return stats(files);

  let count = 0;
  for (const { path, text } of files) {
    for (const { line, message } of offences(text)) {
      console.error(`${path}:${line}: ${message}`);
      count++;
    }
  }
  if (files.length === 0) console.error("there are no sources to check");
  if (count > 0 || files.length === 0) process.exit(1);
  console.log(`doc comments: ${files.length} files, no fault`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();

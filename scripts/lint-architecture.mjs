// Compares the modules that ARCHITECTURE.md names with the tree, and their order with the real imports:
// `node scripts/lint-architecture.mjs`.
//
// Below a heading that ends in a folder in backticks ("### The detectors: `shared/detect/src`") each bullet begins with a module:
//
// - "- `time`: ..." is time.rs with all below it. Where the section says "in reading order", a module imports only modules above it.
// - "- `http/`: ..." is a room, a folder whose files the bullet names too, each in backticks: `server`, `worker`.
//
// Across rooms no two files may import each other, neither directly nor through others.

import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOTS = new Set(["lib", "main"]);

/** The sections of the document: folder, whether it is in reading order, and bullets. */
export function sections(text) {
  const found = [];
  let section = null;
  let bullet = null;
  for (const line of text.split("\n")) {
    const heading = /^#+ .*`([\w/.-]+\/src)`$/.exec(line);
    const item = /^- `([\w-]+)(\/?)`/.exec(line);
    if (/^#/.test(line)) {
      section = heading ? { folder: heading[1], ordered: false, modules: [] } : null;
      if (section) found.push(section);
      bullet = null;
    } else if (section && item) {
      bullet = { name: item[1], room: item[2] !== "", text: line };
      section.modules.push(bullet);
    } else if (section && bullet && /^ +\S/.test(line)) {
      bullet.text += line;
    } else if (section) {
      bullet = null;
      section.ordered ||= /in reading order/.test(line);
    }
  }
  return found;
}

/** Rust files below a folder, as paths of modules ("a/b"), tests left out. */
function modules(folder, below = "") {
  return readdirSync(join(folder, below)).flatMap((name) => {
    const path = join(below, name);
    if (statSync(join(folder, path)).isDirectory()) return name === "tests" ? [] : modules(folder, path);
    return name.endsWith(".rs") && name !== "tests.rs" ? [path.replace(/\.rs$/, "")] : [];
  });
}

/** Paths of modules that a file's code names after `crate::`, each the longest that there is. */
export function imports(code, known) {
  const plain = code.replace(/\/\/[^\n]*/g, "");
  const paths = [...plain.matchAll(/\bcrate::((?:[a-z_0-9]+::)*)(\{[^;]*?\}|[a-z_0-9]+)?/g)].flatMap(([, path, last]) => {
    const head = path.split("::").filter(Boolean);
    const tails = last?.startsWith("{") ? [...last.matchAll(/[{,]\s*([a-z_0-9]+)/g)].map(([, name]) => name) : [last];
    return tails.map((tail) => (tail ? [...head, tail] : head));
  });
  return new Set(
    paths.flatMap((path) => {
      for (let length = path.length; length > 0; length--) {
        const name = path.slice(0, length).join("/");
        if (known.has(name)) return [name];
      }
      return [];
    }),
  );
}

/** A circle of files that lie in more than one room, if there is one. */
export function circle(arrows) {
  const room = (file) => file.split("/")[0];
  for (const start of arrows.keys()) {
    const from = new Map([[start, null]]);
    const queue = [start];
    while (queue.length) {
      const at = queue.shift();
      for (const next of arrows.get(at) ?? []) {
        if (next === start) {
          const path = [start];
          for (let back = at; back !== start; back = from.get(back)) path.unshift(back);
          path.unshift(start);
          if (new Set(path.map(room)).size > 1) return path;
        } else if (!from.has(next)) {
          from.set(next, at);
          queue.push(next);
        }
      }
    }
  }
  return null;
}

function check(root) {
  const problems = [];
  const listed = sections(readFileSync(join(root, "ARCHITECTURE.md"), "utf8"));
  if (!listed.length) problems.push("no section names a folder");
  for (const { folder, ordered, modules: bullets } of listed) {
    const path = join(root, folder);
    if (!existsSync(path)) {
      problems.push(`${folder} is no folder`);
      continue;
    }
    const files = modules(path);
    const known = new Set(files);
    const top = new Set(files.map((file) => file.split("/")[0]).filter((name) => !ROOTS.has(name)));
    const names = bullets.map(({ name }) => name);
    for (const name of top) if (!names.includes(name)) problems.push(`${folder}: ${name} is not listed`);
    for (const name of names) if (!top.has(name)) problems.push(`${folder}: ${name} is listed and not there`);
    for (const { name, room, text } of bullets) {
      const inside = files.filter((file) => file.startsWith(`${name}/`) && file.split("/").length === 2);
      for (const file of room ? inside : []) {
        const part = file.split("/")[1];
        if (!text.includes(`\`${part}\``)) problems.push(`${folder}: the bullet of ${name}/ does not name ${part}`);
      }
      for (const [, part] of room ? text.slice(text.indexOf(":")).matchAll(/`([a-z_]+)`/g) : []) {
        if (!inside.includes(`${name}/${part}`)) problems.push(`${folder}: ${name}/ has no ${part}`);
      }
    }

    const arrows = new Map(files.map((file) => [file, imports(readFileSync(join(path, `${file}.rs`), "utf8"), known)]));
    for (const [file, to] of ordered ? arrows : []) {
      const own = file.split("/")[0];
      for (const target of [...to].map((name) => name.split("/")[0])) {
        if (!ROOTS.has(own) && names.indexOf(target) > names.indexOf(own)) {
          problems.push(`${folder}: ${file} imports ${target}, which is listed below it`);
        }
      }
    }
    const found = circle(arrows);
    if (found) problems.push(`${folder}: a circle: ${found.join(" -> ")}`);
  }
  return problems;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = check(fileURLToPath(new URL("../", import.meta.url)));
  for (const problem of problems) console.error(`ARCHITECTURE.md: ${problem}`);
  process.exitCode = problems.length ? 1 : 0;
}

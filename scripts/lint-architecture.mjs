// Compares the modules that ARCHITECTURE.md lists with the source tree, and their order with the imports:
// `node scripts/lint-architecture.mjs`.
//
// In each section whose heading ends with a folder in backticks ("### The detectors: `shared/detect/src`"), a bullet begins with a module:
//
// - "- `time`: ..." is time.rs and everything below time/. If the section says "in reading order", a module may import only modules above it.
// - "- `http/`: ..." is a folder. The bullet also names all of its files, each in backticks: `server`, `worker`.
//
// Files of different folders must not import each other in a cycle, neither directly nor through other files.

import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOTS = new Set(["lib", "main"]);

/** Returns the sections of the document: folder, whether it is in reading order, and bullets. */
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

/** Returns the Rust files below a folder as module paths ("a/b"), without tests. */
function modules(folder, below = "") {
  return readdirSync(join(folder, below)).flatMap((name) => {
    const path = join(below, name);
    if (statSync(join(folder, path)).isDirectory()) return name === "tests" ? [] : modules(folder, path);
    return name.endsWith(".rs") && name !== "tests.rs" ? [path.replace(/\.rs$/, "")] : [];
  });
}

/** Returns the known modules that a file imports with `crate::`, each with the longest matching path. */
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

/** Returns an import cycle between files of different folders, or null if there is none. */
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
  if (!listed.length) problems.push("no section lists modules of a folder");
  for (const { folder, ordered, modules: bullets } of listed) {
    const path = join(root, folder);
    if (!existsSync(path)) {
      problems.push(`${folder} does not exist`);
      continue;
    }
    const files = modules(path);
    const known = new Set(files);
    const top = new Set(files.map((file) => file.split("/")[0]).filter((name) => !ROOTS.has(name)));
    const names = bullets.map(({ name }) => name);
    for (const name of top) if (!names.includes(name)) problems.push(`${folder}: ${name} is not listed`);
    for (const name of names) if (!top.has(name)) problems.push(`${folder}: ${name} is listed but does not exist`);
    for (const { name, room, text } of bullets) {
      const inside = files.filter((file) => file.startsWith(`${name}/`) && file.split("/").length === 2);
      for (const file of room ? inside : []) {
        const part = file.split("/")[1];
        if (!text.includes(`\`${part}\``)) problems.push(`${folder}: the bullet of ${name}/ does not name ${part}`);
      }
      for (const [, part] of room ? text.slice(text.indexOf(":")).matchAll(/`([a-z_]+)`/g) : []) {
        if (!inside.includes(`${name}/${part}`)) problems.push(`${folder}: ${name}/${part} is listed but does not exist`);
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
    if (found) problems.push(`${folder}: import cycle: ${found.join(" -> ")}`);
  }
  return problems;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = check(fileURLToPath(new URL("../", import.meta.url)));
  for (const problem of problems) console.error(`ARCHITECTURE.md: ${problem}`);
  process.exitCode = problems.length ? 1 : 0;
}

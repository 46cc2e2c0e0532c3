// Writes a software bill of materials in CycloneDX's JSON, to `target/sbom`: the crates of the server, the crates of the page, and the npm
// packages that the page is built with. `make sbom` installs cargo-cyclonedx and runs `node scripts/sbom.mjs CARGO_CYCLONEDX`.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const [cyclonedx] = process.argv.slice(2);
const root = fileURLToPath(new URL("../", import.meta.url));

/** Returns what a program prints. */
const output = (program, args, cwd = root) => execFileSync(program, args, { cwd, encoding: "utf8", maxBuffer: 64 << 20 });

const workspace = JSON.parse(output("cargo", ["metadata", "--no-deps", "--format-version", "1"]));
const { version } = workspace.packages.find(({ name }) => name === "proxy");
const [, host] = output("rustc", ["-vV"]).match(/^host: (.+)$/m);

/** Writes a bill without the path of this clone, and prints what is in it. */
function write(name, text) {
  const bill = JSON.parse(text.replaceAll(`file://${root}`, "file:///"));
  mkdirSync(join(workspace.target_directory, "sbom"), { recursive: true });
  const path = join(workspace.target_directory, "sbom", `${name}-${version}.cdx.json`);
  writeFileSync(path, `${JSON.stringify(bill, null, 2)}\n`);
  console.log(`${path}: ${bill.components.length} components`);
}

/** Returns the bill of a crate as it is compiled for a target. */
function crate(folder, triple) {
  // A file beside the manifest of each member of the workspace.
  const args = ["cyclonedx", "--quiet", "--format", "json", "--spec-version", "1.5", "--target", triple, "--override-filename", "sbom"];
  try {
    output(cyclonedx, args);
    return readFileSync(join(root, folder, "sbom.json"), "utf8");
  } finally {
    for (const { manifest_path } of workspace.packages) rmSync(join(manifest_path, "../sbom.json"), { force: true });
  }
}

/** Returns the bill of the npm packages. */
function packages() {
  const temporary = mkdtempSync(join(tmpdir(), "oddity-sbom-"));
  try {
    // npm names the bill after the folder.
    const copy = join(temporary, "oddity-page");
    mkdirSync(copy);
    // npm makes no bill of a package without a version.
    const manifest = JSON.parse(readFileSync(join(root, "frontend/js/package.json"), "utf8"));
    writeFileSync(join(copy, "package.json"), JSON.stringify({ ...manifest, version }));
    cpSync(join(root, "frontend/js/package-lock.json"), join(copy, "package-lock.json"));
    return output("npm", ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"], copy);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

write("oddity-server", crate("proxy", host));
write("oddity-page", crate("frontend", "wasm32-unknown-unknown"));
write("oddity-page-npm", packages());

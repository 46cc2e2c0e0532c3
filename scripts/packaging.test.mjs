// Tests of packaging/ against what the server, the image and the documentation say: `node --test scripts/*.test.mjs`.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const { parseAllDocuments } = createRequire(join(root, "e2e/package.json"))("yaml");

const read = (path) => readFileSync(join(root, path), "utf8");
const lines = (path) => read(path).split("\n").filter(Boolean);
const folder = "packaging";
const packaged = readdirSync(join(root, folder), { recursive: true })
  .filter((name) => extname(name))
  .map((name) => join(folder, name));

/** Returns the documents of a YAML file, which has to be free of errors and warnings. */
function yaml(path) {
  return parseAllDocuments(read(path)).map((document) => {
    assert.deepEqual([...document.errors, ...document.warnings], [], path);
    return document.toJS();
  });
}

/** Runs a program in the repository, and returns whether it succeeds and what it says. */
function run(program, args, cwd = root) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8" });
  return { ok: status === 0, isMissing: error?.code === "ENOENT", said: `${stdout}${stderr}` };
}

const dockerfile = read("Dockerfile");
const variables = new Set(`${read("proxy/src/cli.rs")}\n${read("proxy/tests/frozen/flags.txt")}`.match(/\b(ODDITY|OPENAI|PROMETHEUS)_[A-Z_]+\b/g));
const compose = yaml("packaging/compose/compose.yaml")[0];
const kubernetes = Object.fromEntries(yaml("packaging/kubernetes/oddity.yaml").map((resource) => [resource.kind, resource]));
const pod = kubernetes.Deployment.spec.template;
const container = pod.spec.containers[0];
const unit = read("packaging/systemd/oddity.service");
const rules = yaml("packaging/prometheus/oddity.rules.yml")[0].groups.flatMap((group) => group.rules);

test("the server reads every variable that is named", () => {
  const documents = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  for (const path of [...packaged, "Dockerfile", ".env.example", "README.md", ...documents.map((name) => `docs/${name}`)])
    for (const [name] of read(path).matchAll(/\b(ODDITY|OPENAI|PROMETHEUS)_[A-Z_]+\b/g)) assert.ok(variables.has(name), `${path}: ${name}`);
});

test("every folder is described", () => {
  const operations = read("docs/operations.md");
  for (const path of packaged) assert.ok(operations.includes(dirname(path)), `${dirname(path)} is missing in docs/operations.md`);
});

test("probes ask a route that needs no credentials", () => {
  const routes = lines("proxy/tests/frozen/routes.txt");
  for (const kind of ["startupProbe", "readinessProbe", "livenessProbe"]) {
    const { path, port } = container[kind].httpGet;
    assert.equal(path, "/healthz", kind);
    assert.equal(port, container.ports[0].name, kind);
  }
  assert.ok(routes.some((route) => route.startsWith("/healthz GET,HEAD 200")));
  assert.match(dockerfile, /GET \/healthz /);
});

test("the pod is what the image is made for", () => {
  const [, user, group] = dockerfile.match(/^USER (\d+):(\d+)$/m).map(Number);
  const { runAsNonRoot, runAsUser, runAsGroup, fsGroup } = pod.spec.securityContext;
  assert.deepEqual({ runAsNonRoot, runAsUser, runAsGroup, fsGroup }, { runAsNonRoot: true, runAsUser: user, runAsGroup: group, fsGroup: group });
  const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } = container.securityContext;
  assert.deepEqual({ allowPrivilegeEscalation, readOnlyRootFilesystem }, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true });
  assert.deepEqual(capabilities.drop, ["ALL"]);
  assert.equal(container.ports[0].containerPort, Number(dockerfile.match(/^EXPOSE (\d+)$/m)[1]));
  assert.equal(container.image, `oddity:${read("Cargo.toml").match(/^version = "(.+)"$/m)[1]}`);
  for (const amount of ["cpu", "memory"]) assert.ok(container.resources.limits[amount] && container.resources.requests[amount], amount);
});

test("the changelog begins with the version", () => {
  const [, version, date] = read("CHANGELOG.md").match(/^## \[(.+)\] - (.+)$/m);
  assert.equal(version, read("Cargo.toml").match(/^version = "(.+)"$/m)[1]);
  assert.match(date, /^(Unreleased|\d{4}-\d{2}-\d{2})$/);
});

test("the parts of the pod fit together", () => {
  const { ConfigMap, Secret, Deployment, Service } = kubernetes;
  const labels = pod.metadata.labels;
  assert.deepEqual(Deployment.spec.selector.matchLabels, labels);
  assert.deepEqual(Service.spec.selector, labels);
  assert.equal(Service.spec.ports[0].targetPort, container.ports[0].name);
  const mounts = Object.fromEntries(container.volumeMounts.map(({ name, mountPath }) => [name, mountPath]));
  const volumes = Object.fromEntries(pod.spec.volumes.map((volume) => [volume.name, volume]));
  assert.deepEqual(Object.keys(mounts).sort(), Object.keys(volumes).sort());
  assert.equal(volumes.config.configMap.name, ConfigMap.metadata.name);
  assert.equal(mounts.config, [...dockerfile.matchAll(/^WORKDIR (\S+)$/gm)].at(-1)[1], "the image starts in the folder of oddity.toml");
  assert.equal(volumes.secrets.secret.secretName, Secret.metadata.name);
  assert.equal(volumes.secrets.secret.defaultMode & 0o007, 0, "the server warns of secrets that others may read");
  const secrets = [...ConfigMap.data["oddity.toml"].matchAll(/\/run\/secrets\/oddity\/(\w+)/g)].map(([, name]) => name);
  assert.equal(mounts.secrets, "/run/secrets/oddity");
  assert.deepEqual(secrets.sort(), Object.keys(Secret.stringData).sort());
});

test("the unit loads the secrets that its example names", () => {
  const loaded = [...unit.matchAll(/^LoadCredential=(\w+):/gm)].map(([, name]) => name);
  const named = [...read("packaging/systemd/oddity.toml").matchAll(/\/run\/credentials\/oddity\.service\/(\w+)/g)].map(([, name]) => name);
  assert.deepEqual(loaded.sort(), named.sort());
});

test("systemd accepts the unit, and finds little to expose", (t) => {
  const path = join(mkdtempSync(join(tmpdir(), "oddity-unit-")), "oddity.service");
  // The binary is not installed where the unit expects it.
  writeFileSync(path, unit.replace(/^ExecStart=.*$/m, "ExecStart=/bin/true"));
  const verified = run("systemd-analyze", ["verify", "--man=no", path]);
  if (verified.isMissing) return t.skip("systemd-analyze is not installed");
  assert.deepEqual({ ok: verified.ok, said: verified.said }, { ok: true, said: "" });
  const exposure = run("systemd-analyze", ["security", "--offline=true", "--threshold=15", "--no-pager", path]);
  assert.ok(exposure.ok, exposure.said);
});

test("only this machine reaches a server without authentication", () => {
  const { oddity, prometheus } = compose.services;
  assert.equal(oddity.environment.ODDITY_INSECURE_NO_AUTH, "true");
  for (const port of [...oddity.ports, ...prometheus.ports]) assert.match(port, /^127\.0\.0\.1:/);
  assert.equal(oddity.ports[0].split(":").at(-1), dockerfile.match(/^EXPOSE (\d+)$/m)[1]);
  assert.equal(join(folder, "compose", oddity.build), ".", "the image is built from the repository");
});

test("Prometheus scrapes the server under an allowed name, and loads the rules", () => {
  const { environment } = compose.services.oddity;
  const [scrape] = yaml("packaging/compose/prometheus.yml")[0].scrape_configs;
  assert.deepEqual(scrape.static_configs[0].targets, [`${environment.ODDITY_ALLOWED_HOSTS}:8080`]);
  assert.ok(rules.every(({ expr }) => !/job="(?!oddity")/.test(expr)));
  assert.equal(scrape.job_name, "oddity");
  const mounted = compose.services.prometheus.volumes.filter((volume) => volume.startsWith(".")).map((volume) => volume.split(":"));
  const copies = mkdtempSync(join(tmpdir(), "oddity-prometheus-"));
  for (const [from, to] of mounted) writeFileSync(join(copies, to.replace("/etc/prometheus/", "")), read(join(folder, "compose", from)));
  const { ok, said } = run("promtool", ["check", "config", "prometheus.yml"], copies);
  assert.ok(ok, said);
});

test("the rules pass their tests", () => {
  const { ok, said } = run("promtool", ["test", "rules", "oddity.rules.test.yml"], join(root, folder, "prometheus"));
  assert.ok(ok, said);
});

test("the rules use metrics and labels that the server has", () => {
  const known = new Map();
  for (const [, name, labels] of read("proxy/tests/frozen/metrics.txt").matchAll(/^(\w+)\{(.*)\}$/gm)) known.set(name, labels.split(","));
  const added = ["job", "instance"];
  const used = new Set();
  for (const { alert, expr } of rules) {
    const names = [...expr.matchAll(/\b(oddity|process)_\w+/g)].map(([name]) => name);
    names.forEach((name) => assert.ok(known.has(name), `${alert}: ${name}`));
    names.forEach((name) => used.add(name));
    for (const [, name, matchers] of expr.matchAll(/(\w+)\{([^}]*)\}/g))
      for (const [, label] of matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
        assert.ok(name === "up" || [...added, ...known.get(name)].includes(label), `${alert}: ${label} of ${name}`);
    for (const [, list] of expr.matchAll(/\bby \(([^)]*)\)/g))
      for (const label of list.split(", ")) assert.ok(names.every((name) => [...added, ...known.get(name)].includes(label)), `${alert}: ${label}`);
  }
  assert.ok(used.size > 8, [...used].join());
});

test("every alert says what is wrong, is tested and is described", () => {
  const tests = read("packaging/prometheus/oddity.rules.test.yml");
  const operations = read("docs/operations.md");
  for (const { alert, labels, annotations } of rules) {
    assert.match(labels.severity, /^(critical|warning|info)$/, alert);
    assert.ok(annotations.summary && annotations.description, alert);
    assert.ok(tests.includes(`alertname="${alert}"`), `${alert} has no test`);
    assert.ok(operations.includes(`| \`${alert}\` |`), `${alert} is missing in docs/operations.md`);
  }
});

test("the server logs the messages of the guide", () => {
  const operations = read("docs/operations.md");
  const table = operations.slice(operations.indexOf("| message | level | fields |"));
  const rows = [...table.slice(0, table.indexOf("\n\n")).matchAll(/^\| (`.+?) \|/gm)];
  const sources = readdirSync(join(root, "proxy/src"), { recursive: true }).filter((name) => name.endsWith(".rs"));
  const code = sources.map((name) => read(join("proxy/src", name))).join("\n");
  const messages = rows.flatMap(([, cell]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, message]) => message));
  assert.ok(messages.length > 10, messages.join());
  for (const message of messages) assert.ok(code.includes(`"${message.replace(/\.\.\.$/, "")}`), message);
});

test("the metrics and settings of the guide exist", () => {
  const operations = read("docs/operations.md");
  const metrics = lines("proxy/tests/frozen/metrics.txt").map((line) => line.split(/[{ ]/)[0]);
  for (const [name] of operations.matchAll(/\b(oddity|process)_\w+/g)) assert.ok(metrics.includes(name), name);
  const keys = new Set(lines("proxy/tests/frozen/config_keys.txt").flatMap((key) => key.split(".")));
  const table = operations.slice(operations.indexOf("| setting | default |"));
  const rows = [...table.slice(0, table.indexOf("\n\n")).matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)];
  assert.ok(rows.length > 5);
  const fields = [...read("proxy/src/config/limits.rs").matchAll(/((?:^    \/\/\/.*\n)+)(?:    #.*\n)*    pub (\w+):/gm)];
  const defaults = new Map(fields.map(([, text, name]) => [name, text.replace(/\n +\/\/\//g, "").match(/Default ([^.,]+)/)?.[1]]));
  for (const [, name, value] of rows) {
    assert.ok(keys.has(name), name);
    assert.ok(value === defaults.get(name) || value.startsWith(`${defaults.get(name)} per source`), `${name}: ${value}, not ${defaults.get(name)}`);
  }
});

// Tests of lint-architecture.mjs: `node --test scripts/*.test.mjs`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { circle, imports, sections } from "./lint-architecture.mjs";

test("sections hold folders, order and modules", () => {
  const text = "# Map\n\n### Detection: `a/src`\n\nModules in reading order:\n\n- `time`: points\n  and spans\n- `http/`: `server`\n\n## Else\n\n- `no`: module\n";
  assert.deepEqual(sections(text), [
    {
      folder: "a/src",
      ordered: true,
      modules: [
        { name: "time", room: false, text: "- `time`: points  and spans" },
        { name: "http", room: true, text: "- `http/`: `server`" },
      ],
    },
  ]);
});

test("imports are the longest modules that are named", () => {
  const known = new Set(["error", "source", "source/gate", "http/server"]);
  const check = (code, expected) => assert.deepEqual([...imports(code, known)].sort(), expected, code);
  check("use crate::source::gate::Permit;", ["source/gate"]);
  check("use crate::source::{self, gate, Source};", ["source", "source/gate"]);
  check("let x = crate::error::ApiError::new();", ["error"]);
  check("/// See [`crate::error`].", []);
  check("use crate::{error, http};", ["error"]);
});

test("only circles across rooms count", () => {
  const check = (arrows, expected) => assert.deepEqual(circle(new Map(Object.entries(arrows))), expected);
  check({ "a/x": ["a/y"], "a/y": ["a/x"] }, null);
  check({ "a/x": ["b/y"], "b/y": ["c"], c: [] }, null);
  check({ "a/x": ["b/y"], "b/y": ["c"], c: ["a/x"] }, ["a/x", "b/y", "c", "a/x"]);
});

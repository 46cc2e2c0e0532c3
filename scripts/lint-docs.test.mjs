// Tests of lint-docs.mjs: `node --test scripts/*.test.mjs`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { beginsWithVerb, docs, needsNeighbour, offences } from "./lint-docs.mjs";

test("a doc comment stands alone", () => {
  const check = (text, alone, kind = "field") => assert.equal(needsNeighbour({ kind, text }) === null, alone, `${kind}: ${text}`);

  for (const text of [
    "Of nothing yet.",
    "The same for what is read.",
    "The same.",
    "So many samples are remembered.",
    "As [`parse`], but faster.",
    "What is asked.",
    "And its end.",
    "Its score.",
    "Why.",
    "How many.",
    "How much, in bytes.",
    "It took too long.",
    "Those of the last hour.",
    "Such as `application/json`.",
    "if so many samples are remembered.",
    "Where this is present,",
    "The file.",
    "An expression.",
    "Pixels.",
    "`expr`.",
  ])
    check(text, false);

  for (const text of [
    "Offset of the first sample, in bytes.",
    "Assigned severity, from 0 to 100.",
    "Whatever the source answered, unchanged.",
    "Android's name of the key.",
    "Itemised costs, in bytes.",
    "Sometimes empty.",
    "The sameness of two series, from 0 to 1.",
    "Whether the range is fixed.",
    "How many samples are remembered.",
    "Why the source refused the query.",
    "`None` until the source has answered.",
    "[`Duration`] between two samples.",
    "Width of the picture, in pixels.",
    "64 bits of the hash, in hexadecimal digits.",
  ])
    check(text, true);

  check("Ascending.", true, "variant");
  check("Statistics.", true, "mod");
  check("The same.", false, "variant");
  check("Mean of the window\nof which the last sample is judged.\n\nwhat follows is free.", true);
});

test("a function's begins with a verb in the third person", () => {
  const check = (text, verb) => assert.equal(beginsWithVerb(text), verb, text);

  for (const text of [
    "Returns the median.",
    "Is true for a gap.",
    "Has no effect on an empty series.",
    "Does nothing twice.",
    "Passes the answer on.",
    "Applies `f`.",
    "Counts the gaps.",
    "Checks that nothing is odd.",
    "Prints.",
  ])
    check(text, true);

  for (const text of [
    "Return the median.",
    "The median.",
    "This returns the median.",
    "Its median.",
    "Always the median.",
    "Counts of all gaps.",
    "Lines whose end is missing.",
    "Rows and columns.",
    "Status of the answer.",
    "Less than one.",
    "Basis of the season.",
    "HTTPS alone.",
    "Prometheus' name.",
    "`Jan 2`.",
    "returns the median.",
    "Whether there is a gap.",
  ])
    check(text, false);
});

test("each doc comment has its item", () => {
  const check = (text, expected) => assert.deepEqual(docs(text).map(({ line, kind, name }) => `${line} ${kind} ${name}`.trim()), expected);

  check("//! Two\n//! lines.\n\n/// A.\n#[derive(Debug)]\npub(crate) struct A {\n  /// B.\n  #[serde(default)]\n  pub b: u8,\n}", [
    "1 mod",
    "4 struct A",
    "7 field b",
  ]);
  check("/// A.\nenum A {\n  /// B.\n  B,\n  /// C.\n  C {\n    /// D.\n    d: u8,\n  },\n  /// E.\n  E(\n    /// F.\n    u8),\n}", [
    "1 enum A",
    "3 variant B",
    "5 variant C",
    "7 field d",
    "10 variant E",
    "12 field u8",
  ]);
  check("impl A {\n  /// A.\n  pub const A: u8 = 1;\n  /// B.\n  pub(in crate::a) const unsafe fn b() {}\n}\n/// C.\ntype C = u8;", [
    "2 const A",
    "4 fn b",
    "7 type C",
  ]);
  check("/// A.\n#[component]\nfn A(\n  /// B.\n  b: u8,\n) {\n  let x = C { c: '{' };\n}\n/// D.\nfn d<'a>() {}", [
    "1 component A",
    "4 parameter b",
    "9 fn d",
  ]);
  check('// No.\n//// No.\nconst A: &str = "\n/// No.\n";\nconst B: &str = r#"\n/// No. "\n"#;\n/* /* */\n/// No.\n*/\n/// C.\nfn c() {}', [
    "12 fn c",
  ]);
});

test("tests are not looked at", () => {
  const check = (text) => assert.deepEqual(docs(text).map(({ name }) => name), ["last"], text);

  const last = "\n/// Yes.\nfn last() {}";
  check(`/// No.\n#[test]\nfn a() {\n  /// No.\n  fn b() {}\n}${last}`);
  check(`#[cfg(test)]\nmod tests {\n  /// No.\n  fn a() {\n    { }\n  }\n  /// No.\n  fn b() {}\n}${last}`);
  check(`/// No.\n#[tokio::test(flavor = "current_thread")]\nasync fn a() {}${last}`);
  check(`#[cfg(test)]\nmod tests;${last}`);
  check(`#![cfg_attr(docsrs, feature(doc_cfg))]${last}`);
  check(`#[cfg(not(test))]${last}`);
});

test("offences are told with their line", () => {
  assert.deepEqual(offences("\n/// The same.\nfn a() {}\n/// Returns nothing.\nfn b() {}"), [
    { line: 2, message: 'fn a: begins with "The same", which points at a neighbour' },
    { line: 2, message: 'fn a: does not begin with a verb in the third person, such as "Returns"' },
  ]);
});

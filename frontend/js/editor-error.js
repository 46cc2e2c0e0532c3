// What is wrong with the text: what the server said about it last, else what the grammar says while one types.

import { syntaxTree } from "@codemirror/language";
import { forceLinting, linter } from "@codemirror/lint";
import { StateEffect, StateField } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { PromQLExtension } from "@prometheus-io/codemirror-promql";

/**
 * Where Prometheus says an error is: a column of line 1, or "line:column". Both count from 1, columns count bytes of UTF-8.
 * @typedef {number | string | null} Position
 */

/** @typedef {import("@codemirror/lint").Diagnostic} Diagnostic */

/** @type {import("@codemirror/state").StateEffectType<Diagnostic | null>} */
const changeError = StateEffect.define();

const serverError = StateField.define({
  create: () => /** @type {Diagnostic | null} */ (null),
  update(error, transaction) {
    for (const effect of transaction.effects) if (effect.is(changeError)) return effect.value;
    return transaction.docChanged ? null : error;
  },
  provide: (field) =>
    EditorView.contentAttributes.compute([field], (state) => ({
      "aria-invalid": String(state.field(field) !== null),
    })),
});

const checkGrammar = new PromQLExtension().getLinter().promQL();

const marks = linter(
  async (view) => {
    const error = view.state.field(serverError);
    if (error !== null) return [error];
    return view.state.doc.length === 0 ? [] : checkGrammar(view);
  },
  { needsRefresh: (update) => update.startState.field(serverError) !== update.state.field(serverError) },
);

export const errorMark = [serverError, marks];

/**
 * The token at an offset; at the end of the text, the last character that is not white space.
 * @param {import("@codemirror/state").EditorState} state
 * @param {number} offset
 */
function tokenAt(state, offset) {
  const end = state.doc.toString().trimEnd().length;
  if (offset >= end) return { from: Math.max(0, end - 1), to: end };
  const node = syntaxTree(state).resolveInner(offset, 1);
  const isToken = node.firstChild === null && node.to > offset && !node.type.isError;
  return { from: offset, to: isToken ? node.to : offset + 1 };
}

/**
 * @param {EditorView} view
 * @param {Position} position
 * @param {string} [message]
 */
export function setError(view, position, message = "") {
  if (position === null) {
    view.dispatch({ effects: changeError.of(null) });
    return;
  }
  const [column, lineNumber = 1] = String(position).split(":").map(Number).reverse();
  if (!Number.isInteger(column) || !Number.isInteger(lineNumber)) throw new RangeError(`not a position: ${position}`);
  const { doc } = view.state;
  const line = doc.line(Math.min(Math.max(lineNumber, 1), doc.lines));
  const before = new TextEncoder().encode(line.text).subarray(0, Math.max(column - 1, 0));
  const offset = line.from + new TextDecoder().decode(before).length;
  view.dispatch({
    effects: changeError.of({ ...tokenAt(view.state, offset), severity: "error", message }),
  });
  forceLinting(view);
}

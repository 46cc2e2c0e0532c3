// The PromQL editor of the page: `window.OddityEditor.create(parent, options)`.

import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
  completionStatus,
  selectedCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { Annotation, Compartment, EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { PromQLExtension } from "@prometheus-io/codemirror-promql";
import { errorMark, setError } from "./editor-error.js";
import { look } from "./editor-look.js";
import { fetchShared, isShared } from "./shared-answers.js";

export { fetchShared };

/**
 * @typedef {object} Options
 * @property {string} [value] text to start with
 * @property {string} label accessible name
 * @property {string} apiPath path of a source, for example "/api/sources/demo"; Prometheus' API is below it
 * @property {string} [placeholder] shown while the editor is empty
 * @property {(text: string) => void} onRun the user asks to run the text
 * @property {() => void} onRecall the user presses the arrow key up while there is no text
 * @property {(text: string) => void} [onChange] the user changed the text; not called by `setValue`
 */

/**
 * @typedef {object} Handle
 * @property {() => string} getValue
 * @property {(text: string) => void} setValue keeps cursor and undo history when the text is the same
 * @property {(apiPath: string) => void} setApiPath completes from another source
 * @property {(position: import("./editor-error.js").Position, message?: string) => void} markError
 *   underlines what stands at the position until the text changes; null takes the mark away
 * @property {() => void} focus
 * @property {() => void} destroy
 */

const fromProgram = Annotation.define();

/**
 * Whether accepting the selected completion would leave the text as it is.
 * @param {EditorState} state
 */
function alreadyTyped(state) {
  const { head } = state.selection.main;
  const word = state.sliceDoc(0, head).match(/[\w:]+$/)?.[0];
  const completion = selectedCompletion(state);
  return completion !== null && completion.apply === undefined && completion.label === word;
}

/** @param {Options} options */
function keys({ onRun, onRecall }) {
  /** @param {EditorView} view */
  const run = (view) => {
    closeCompletion(view);
    onRun(view.state.doc.toString());
    return true;
  };
  return Prec.highest(
    keymap.of([
      { key: "Mod-Enter", run },
      { key: "Shift-Enter", run: insertNewlineAndIndent },
      { key: "Enter", run: (view) => (!alreadyTyped(view.state) && acceptCompletion(view)) || run(view) },
      {
        key: "ArrowUp",
        run(view) {
          const empty = view.state.doc.length === 0 && completionStatus(view.state) === null;
          if (empty) onRecall();
          return empty;
        },
      },
      { key: "Tab", run: acceptCompletion },
      {
        key: "Escape",
        run(view) {
          const listed = completionStatus(view.state) === "active";
          closeCompletion(view);
          if (!listed) view.contentDOM.blur();
          return true;
        },
      },
    ]),
  );
}

/**
 * @param {HTMLElement} parent
 * @param {Options} options
 * @returns {Handle}
 */
export function create(parent, options) {
  /** @type {(input: RequestInfo, init?: RequestInit) => Promise<Response>} */
  const fetchFn = (input, init) =>
    typeof input === "string" && isShared(input) ? fetchShared(input) : fetch(input, init);
  /** @param {string} apiPath */
  const promqlOf = (apiPath) =>
    new PromQLExtension().activateLinter(false).setComplete({ remote: { url: apiPath, httpMethod: "GET", fetchFn } });
  const language = new Compartment();
  let promql = promqlOf(options.apiPath);

  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: options.value ?? "",
      extensions: [
        keys(options),
        autocompletion({ icons: false }),
        history(),
        bracketMatching(),
        closeBrackets(),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
        placeholder(options.placeholder ?? ""),
        language.of(promql.asExtension()),
        errorMark,
        look,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": options.label }),
        EditorView.updateListener.of((update) => {
          const byUser = update.transactions.some((tr) => tr.docChanged && !tr.annotation(fromProgram));
          if (byUser) options.onChange?.(update.state.doc.toString());
        }),
      ],
    }),
  });

  return {
    getValue: () => view.state.doc.toString(),
    setValue(text) {
      if (text === view.state.doc.toString()) return;
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: text },
        selection: { anchor: text.length },
        annotations: fromProgram.of(true),
      });
    },
    setApiPath(apiPath) {
      promql.destroy();
      promql = promqlOf(apiPath);
      view.dispatch({ effects: language.reconfigure(promql.asExtension()) });
    },
    markError: (position, message) => setError(view, position, message),
    focus: () => view.focus(),
    destroy() {
      promql.destroy();
      view.destroy();
    },
  };
}

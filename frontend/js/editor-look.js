// How the editor looks: an input that grows, in the page's own tokens, so that it follows light and dark.

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const theme = EditorView.theme({
  "&": {
    background: "var(--surface)",
    border: "1px solid var(--line)",
    borderRadius: "var(--radius)",
    boxShadow: "var(--shadow)",
    color: "var(--text)",
    fontSize: "14px",
    maxHeight: "40vh",
    minHeight: "40px",
  },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.4" },
  ".cm-content": { caretColor: "var(--text)", padding: "9px 0" },
  ".cm-line": { padding: "0 12px" },
  ".cm-placeholder": { color: "var(--muted)" },
  "&.cm-focused .cm-matchingBracket": { background: "var(--accent-soft)" },
  "&.cm-focused .cm-nonmatchingBracket": { background: "var(--odd-soft)" },

  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--odd)",
    textDecorationSkipInk: "none",
    textUnderlineOffset: "3px",
  },
  ".cm-lintPoint-error:after": { borderBottomColor: "var(--odd)" },
  ".cm-diagnostic": { fontFamily: "var(--sans)", padding: "6px 10px" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--odd)" },

  ".cm-tooltip": {
    background: "var(--surface)",
    border: "1px solid var(--line)",
    borderRadius: "var(--radius)",
    boxShadow: "0 6px 20px rgb(20 30 45 / .16)",
    color: "var(--text)",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete": { margin: "6px 0", overflow: "visible" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    borderRadius: "var(--radius)",
    fontFamily: "var(--mono)",
    fontSize: "13px",
    maxHeight: "14em",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "4px 10px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    background: "var(--accent-soft)",
    color: "var(--text)",
  },
  ".cm-completionMatchedText": { fontWeight: "600", textDecoration: "underline" },
  ".cm-completionDetail": { color: "var(--muted)", fontStyle: "normal", marginLeft: "1em" },
  ".cm-tooltip.cm-completionInfo": {
    fontFamily: "var(--sans)",
    fontSize: "13px",
    overflow: "hidden",
    padding: "8px 10px",
  },
});

const highlight = HighlightStyle.define([
  { tag: [tags.function(tags.variableName), tags.operatorKeyword], color: "var(--accent)" },
  { tag: [tags.modifier, tags.logicOperator], color: "var(--accent)", fontStyle: "italic" },
  // The signal colour alone is too pale for text on a light surface.
  { tag: tags.number, color: "color-mix(in oklab, var(--odd) 75%, var(--text))" },
  { tag: tags.string, color: "var(--ok)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.operator, tags.arithmeticOperator], color: "var(--muted)" },
]);

export const look = [theme, syntaxHighlighting(highlight)];

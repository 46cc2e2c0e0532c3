// Markdown as HTML that can do nothing: `window.OddityMarkdown.render(text)`.

import { micromark } from "micromark";
import { gfmTable, gfmTableHtml } from "micromark-extension-gfm-table";

/**
 * Raw HTML comes out as text, links to anything but web pages and mail lose their target, and pictures are not drawn.
 * @param {string} text CommonMark with tables
 * @returns {string} HTML
 */
export function render(text) {
  return micromark(text, {
    extensions: [gfmTable(), { disable: { null: ["labelStartImage"] } }],
    htmlExtensions: [gfmTableHtml()],
  });
}

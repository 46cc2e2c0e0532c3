// Markdown as HTML that can do nothing: `window.OddityMarkdown.render(text)`.

import { micromark } from "micromark";
import { gfmTable, gfmTableHtml } from "micromark-extension-gfm-table";

/** Headings and the links between them, apart from the ids of the page. */
const PREFIX = "report-";

/**
 * Raw HTML comes out as text and pictures are not drawn. Links lead to https, to this server or to a heading; others
 * lose their target.
 * @param {string} text CommonMark with tables
 * @returns {string} HTML
 */
export function render(text) {
  const html = micromark(text, {
    extensions: [gfmTable(), { disable: { null: ["labelStartImage"] } }],
    htmlExtensions: [gfmTableHtml()],
  });
  // A document of its own loads nothing and runs nothing.
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const heading of body.querySelectorAll("h1, h2, h3, h4")) heading.id = PREFIX + slug(heading.textContent ?? "");
  for (const link of body.querySelectorAll("a")) settle(link);
  for (const table of body.querySelectorAll("table")) frame(table);
  return body.innerHTML;
}

/**
 * As GitHub makes them, of the letters that our headings have.
 * @param {string} text
 */
function slug(text) {
  return text.toLowerCase().replace(/[^a-z0-9 -]/g, "").replaceAll(" ", "-");
}

/** @param {HTMLAnchorElement} link */
function settle(link) {
  const target = link.getAttribute("href") ?? "";
  if (/^#[a-z0-9-]+$/.test(target)) {
    link.setAttribute("href", `#${PREFIX}${target.slice(1)}`);
  } else if (target.startsWith("https://") || target.startsWith(`${location.origin}/`)) {
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  } else {
    link.replaceWith(...link.childNodes);
  }
}

/**
 * A wide table scrolls by itself.
 * @param {HTMLTableElement} table
 */
function frame(table) {
  const around = table.ownerDocument.createElement("div");
  around.className = "scroll";
  around.tabIndex = 0;
  table.replaceWith(around);
  around.append(table);
}

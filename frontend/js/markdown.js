// Markdown as HTML that can do nothing: `window.OddityMarkdown.render(text)` for our own, `answer(text)` for that of a
// language model.

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
  const body = parsed(text);
  for (const heading of body.querySelectorAll("h1, h2, h3, h4")) heading.id = PREFIX + slug(heading.textContent ?? "");
  for (const link of body.querySelectorAll("a")) settle(link);
  for (const table of body.querySelectorAll("table")) frame(table);
  return body.innerHTML;
}

/**
 * The same without links: their targets are shown as text, since what leads there may have been made up, or slipped
 * into the facts. Numbers between two marks are drawn as such.
 * @param {string} text CommonMark with tables
 * @returns {string} HTML
 */
export function answer(text) {
  const body = parsed(text);
  for (const link of body.querySelectorAll("a")) {
    const target = link.getAttribute("href") ?? "";
    const told = link.textContent === target ? "" : ` (${target})`;
    link.replaceWith(...link.childNodes, told);
  }
  // Headings of an answer are no headings of the page.
  for (const heading of body.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const paragraph = heading.ownerDocument.createElement("p");
    const strong = heading.ownerDocument.createElement("strong");
    strong.append(...heading.childNodes);
    paragraph.append(strong);
    heading.replaceWith(paragraph);
  }
  for (const table of body.querySelectorAll("table")) frame(table);
  mark(body);
  return body.innerHTML;
}

/** @param {string} text */
function parsed(text) {
  const html = micromark(text, {
    extensions: [gfmTable(), { disable: { null: ["labelStartImage"] } }],
    htmlExtensions: [gfmTableHtml()],
  });
  // A document of its own loads nothing and runs nothing.
  return new DOMParser().parseFromString(html, "text/html").body;
}

/** @param {HTMLElement} body */
function mark(body) {
  const walker = body.ownerDocument.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  /** @type {Text[]} */
  const texts = [];
  while (walker.nextNode()) texts.push(/** @type {Text} */ (walker.currentNode));
  for (const text of texts) {
    const parts = text.data.split(/[\ue000\ue001]/);
    if (parts.length === 1) continue;
    // Every other part stands between two marks.
    const nodes = parts.map((part, at) => {
      if (at % 2 === 0) return part;
      const number = body.ownerDocument.createElement("mark");
      number.title = "Not in the facts";
      number.textContent = part;
      return number;
    });
    text.replaceWith(...nodes);
  }
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

// @ts-check
/** Words on a page, and redaction's labels among them, such as `[CARD]`, set apart. As page_filters.chips does it. */

const LABEL = /(\[[A-Z][A-Z_-]{1,19}\])/;

/**
 * Show `text` in `node`, as text. Where it was shown before, its text node stays: neither selection nor layout starts anew.
 *
 * @param {Element} node
 * @param {string} text
 * @param {{isNew?: boolean, isWhole?: boolean}} [how] `isNew`: with new nodes, which is what screen readers tell of;
 *   `isWhole`: as one box where it has labels, for places that lay out what is in them
 */
export function showWords(node, text, { isNew = false, isWhole = false } = {}) {
  const pieces = text.split(LABEL);
  const shown = node.firstChild;
  if (pieces.length === 1) {
    if (isNew || !(shown instanceof Text) || shown.nextSibling) node.replaceChildren(text);
    else if (shown.data !== text) shown.data = text;
    return;
  }
  if (!isNew && node.textContent === text && node.querySelector(".chip")) return;
  const nodes = pieces.map((piece, at) => (at % 2 ? chip(piece) : piece)).filter((piece) => piece !== "");
  if (!isWhole) return node.replaceChildren(...nodes);
  const box = document.createElement("span");
  box.append(...nodes);
  node.replaceChildren(box);
}

/** @param {string} label */
function chip(label) {
  const node = document.createElement("span");
  node.className = "chip";
  node.textContent = label;
  return node;
}

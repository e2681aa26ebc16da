// @ts-check
/** What is shown of alerts within a segment: the words that set them off, and the names of the rules below them.
 * As templates/macros/segment.html does it. */
import { pieces, ruleNames } from "callboard/alerts";
import { showWords } from "callboard/chips";

/** @param {HTMLElement} node @param {string} text @param {[number, number][]} spans to mark, some */
export function showMarked(node, text, spans) {
  const parts = pieces(text, spans).flatMap((piece, at) => {
    const box = document.createElement(at % 2 ? "mark" : "span");
    showWords(box, piece, { isNew: true });
    return at % 2 ? [box] : [...box.childNodes];
  });
  node.replaceChildren(...parts);
}

/** @param {HTMLElement} segment @param {import("callboard/alerts").AlertData[]} alerts */
export function showNames(segment, alerts) {
  let note = segment.querySelector(".segment-alerts");
  if (!alerts.length) return note?.remove();
  if (!note) {
    note = document.createElement("p");
    note.className = "segment-alerts";
    segment.append(note);
  }
  const words = `Alert: ${ruleNames(alerts)}`;
  if (note.textContent !== words) note.textContent = words;
}

// @ts-check
/** The quiet rows between segments that tell of a silence: one before each segment that follows a long one. */
import { gapWords } from "callboard/gaps";

export class GapRows {
  /** By the id of the segment behind it. @type {Map<string, HTMLElement>} */ #rows = new Map();

  /** @param {HTMLTemplateElement} pattern of a row */
  constructor(pattern) {
    this.pattern = pattern;
  }

  /** What to stand before in order to stand before a segment. @param {string} id @param {HTMLElement} node of the segment */
  edge(id, node) {
    return this.#rows.get(id) ?? node;
  }

  /** The row that the server put before a segment, if it did. @param {string} id @param {HTMLElement} node */
  adopt(id, node) {
    const row = node.previousElementSibling;
    if (row?.classList.contains("is-gap")) this.#rows.set(id, /** @type {HTMLElement} */ (row));
  }

  /** @param {string} id @param {HTMLElement} node @param {number|null} before gaps.reach
   * @param {import("callboard/gaps").Timed} data of the segment */
  put(id, node, before, data) {
    const words = gapWords(before, data);
    if (!words) return this.remove(id);
    const row = this.#rows.get(id) ?? this.#make(id);
    if (row.textContent !== words) row.textContent = words;
    if (row.nextElementSibling !== node) node.before(row);
  }

  /** @param {string} id */
  remove(id) {
    this.#rows.get(id)?.remove();
    this.#rows.delete(id);
  }

  clear() {
    this.#rows.clear();
  }

  /** @param {string} id */
  #make(id) {
    const copy = /** @type {DocumentFragment} */ (this.pattern.content.cloneNode(true));
    const row = /** @type {HTMLElement} */ (copy.firstElementChild);
    this.#rows.set(id, row);
    return row;
  }
}

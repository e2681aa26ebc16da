// @ts-check
/** Find in the transcript: a field, "3 of 12", and the way from match to match. The words are marked without touching
 * the document (CSS Custom Highlights), as far as they are in sight or near it: of a letter there are tens of thousands.
 * Where a browser can't, the current match is selected. */
import { findAll, indexOf, position } from "callboard/find";
import { firstBelow } from "callboard/reading_place";
import { readingLine, reveal } from "callboard/reveal";
import { bottomBeside } from "callboard/segment_groups";

/** @typedef {import("callboard/find").Match} Match */

const SAID_MS = 500; // the count is told when the typing rests

export class FindBar {
  /** @type {Match[]} */ found = [];
  /** @type {Match|null} */ current = null;
  #isPainting = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #saying;

  /** @param {HTMLFormElement} form @param {HTMLElement} button that opens it
   * @param {import("callboard/transcript_element").TranscriptElement} transcript */
  constructor(form, button, transcript) {
    this.form = form;
    this.button = button;
    this.transcript = transcript;
    this.field = /** @type {HTMLInputElement} */ (form.querySelector("input"));
    this.count = /** @type {HTMLElement} */ (form.querySelector('[data-part="find-count"]'));
    this.said = /** @type {HTMLElement} */ (form.querySelector("[role=status]"));
    button.addEventListener("click", () => this.open());
    form.querySelector('[data-step="find-close"]')?.addEventListener("click", () => this.close());
    form.querySelector('[data-step="previous-match"]')?.addEventListener("click", () => this.go(-1));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.go(1);
    });
    form.addEventListener("keydown", (event) => this.#pressed(event));
    this.field.addEventListener("input", () => this.#typed());
    transcript.addEventListener("transcript-changed", () => this.#look());
    transcript.addEventListener("speaker-chosen", () => this.#look());
    document.addEventListener("scroll", () => this.#repaint(), { passive: true });
  }

  open() {
    this.form.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.#look();
    this.field.focus();
    this.field.select();
  }

  close() {
    this.form.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    this.#look();
    const node = (this.current && this.transcript.nodeOf(this.current.id)) ?? this.button;
    if (node !== this.button) node.tabIndex = -1;
    node.focus({ preventScroll: true }); // where the search has led, to go on from there
  }

  /** To the next match or the one before, round and round. @param {1|-1} by */
  go(by) {
    const count = this.found.length;
    if (!count) return;
    const at = indexOf(this.found, this.current);
    const next = at >= 0 ? at + by : by > 0 ? 0 : -1;
    this.#choose(this.found[(next + count) % count]);
  }

  #typed() {
    this.current = null;
    this.#look();
    const ahead = this.found[this.#firstBelow(readingLine())] ?? this.found[0];
    if (ahead) this.#choose(ahead);
  }

  /** The first match in a segment that ends below a line. @param {number} line px from the top of the window */
  #firstBelow(line) {
    return firstBelow(this.found.length, line, (at) => {
      const node = this.transcript.nodeOf(this.found[at].id);
      return node?.isConnected ? bottomBeside(node, line) : 0;
    });
  }

  /** @param {Match} match */
  #choose(match) {
    this.current = match;
    this.#show();
    const place = this.#range(match, new Range());
    if (!place) return;
    this.transcript.dispatchEvent(new CustomEvent("transcript-led"));
    reveal(place, { isOnlyIfHidden: true });
    if (!hasHighlights()) document.getSelection()?.setBaseAndExtent(place.startContainer, place.startOffset, place.endContainer, place.endOffset);
  }

  /** Again, because of other words: in the field, or in the transcript. */
  #look() {
    const { only, segments } = this.transcript;
    const query = this.form.hidden ? "" : this.field.value;
    if (!query && !this.found.length && !this.count.textContent) return;
    const shown = only ? segments.list.filter(({ data }) => data.speaker === only) : segments.list;
    this.found = findAll(shown, query);
    this.#show();
  }

  #show() {
    const at = indexOf(this.found, this.current);
    const words = position(at, this.found.length, this.form.hidden ? "" : this.field.value);
    if (this.count.textContent !== words) this.count.textContent = words;
    clearTimeout(this.#saying);
    this.#saying = setTimeout(() => (this.said.textContent = words), SAID_MS);
    this.#repaint();
  }

  /** With the next frame, as it is then. */
  #repaint() {
    if (this.#isPainting || !hasHighlights() || (!this.found.length && !CSS.highlights.get("found")?.size)) return;
    this.#isPainting = true;
    requestAnimationFrame(() => {
      this.#isPainting = false;
      this.#paint();
    });
  }

  #paint() {
    const { found } = this;
    const current = indexOf(found, this.current);
    const [all, one] = [new Highlight(), new Highlight()];
    one.priority = 1;
    const end = this.#firstBelow(2 * innerHeight);
    for (let at = this.#firstBelow(-innerHeight); at <= end && at < found.length; at++) {
      const range = this.#range(found[at]);
      if (range) all.add(range);
      if (range && at === current) one.add(range);
    }
    CSS.highlights.set("found", all);
    CSS.highlights.set("found-current", one);
  }

  /** The words of a match in the document; null where they are not drawn yet. @param {Match} match @param {Range} [range] live, if given
   * @returns {any} */
  #range({ id, start, end }, range) {
    const words = this.transcript.nodeOf(id)?.querySelector(".segment-words");
    const [from, to] = [words && spot(words, start), words && spot(words, end)];
    if (!from || !to) return null;
    if (!range) return new StaticRange({ startContainer: from[0], startOffset: from[1], endContainer: to[0], endOffset: to[1] });
    range.setStart(...from);
    range.setEnd(...to);
    return range;
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") this.close();
    else if (event.key === "Enter" && event.shiftKey && event.target === this.field) this.go(-1);
    else return;
    event.preventDefault();
  }
}

const hasHighlights = () => "highlights" in CSS;

/** The text node and the place in it that stand `offset` characters into what `root` says; null: it says less.
 * @param {Node} root @param {number} offset @returns {[Text, number]|null} */
function spot(root, offset) {
  const first = root.firstChild;
  if (first instanceof Text && !first.nextSibling) return offset <= first.length ? [first, offset] : null; // nearly always
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text instanceof Text; text = texts.nextNode()) {
    if (offset <= text.length) return [text, offset];
    offset -= text.length;
  }
  return null;
}

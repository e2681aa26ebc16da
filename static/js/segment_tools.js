// @ts-check
/**
 * What can be done with one segment: copy a link to it, write a note on it. One pair of buttons for all segments, beside
 * the one that the pointer is over, that was touched, or that has the focus; with the keyboard they come next after it.
 * And the label of those that have notes.
 */
import { label } from "callboard/notes";

/** @typedef {import("callboard/transcript_element").TranscriptElement} TranscriptElement */
/** @typedef {import("callboard/notes").Notes} Notes */

const SAID_MS = 2000; // as copy_button.js

export class SegmentTools {
  /** @type {HTMLElement|null} */ current = null;
  /** @type {Map<string, HTMLElement>} */ #labels = new Map();

  /** @param {HTMLElement} tools @param {TranscriptElement} transcript @param {Notes} notes
   * @param {(segment: import("callboard/segments").Segment) => void} write a note on it */
  constructor(tools, transcript, notes, write) {
    this.tools = tools;
    this.transcript = transcript;
    this.notes = notes;
    for (const kind of ["pointerover", "focusin", "click"]) {
      transcript.addEventListener(kind, ({ target }) => {
        const segment = /** @type {Element} */ (target).closest(".segment");
        if (segment) this.show(/** @type {HTMLElement} */ (segment));
      });
    }
    transcript.addEventListener("keydown", (event) => this.#pressed(event));
    transcript.addEventListener("pointerleave", () => this.#leave());
    transcript.addEventListener("focusout", ({ relatedTarget }) => {
      if (!transcript.contains(/** @type {Node|null} */ (relatedTarget)) && !transcript.matches(":hover")) this.hide();
    });
    new ResizeObserver(() => this.#place()).observe(transcript);
    part(tools, "note-segment").addEventListener("click", () => {
      const segment = transcript.segments.get(this.current?.dataset.segmentId ?? "");
      if (segment) write(segment);
    });
    const link = part(tools, "link-segment");
    link.addEventListener("click", () => copyLink(link, this.current?.dataset.segmentId));
    notes.addEventListener("notes-changed", () => this.label());
    transcript.addEventListener("transcript-changed", () => this.#changed());
    for (const node of /** @type {NodeListOf<HTMLElement>} */ (transcript.querySelectorAll(".segment-notes"))) {
      this.#labels.set(/** @type {HTMLElement} */ (node.parentElement).dataset.segmentId ?? "", node);
    }
  }

  /** @param {HTMLElement} segment */
  show(segment) {
    if (this.current === segment && !this.tools.hidden) return;
    this.current = segment;
    this.tools.hidden = false;
    this.#place();
  }

  hide() {
    this.tools.hidden = true;
    this.current = null;
  }

  /** From a segment Tab leads to its tools, and back again, whatever stands between them on the page.
   * @param {KeyboardEvent} event */
  #pressed(event) {
    const { key, shiftKey, target } = event;
    const first = part(this.tools, "link-segment");
    const isTo = !shiftKey && target === this.current;
    if (key !== "Tab" || this.tools.hidden || !(isTo || (shiftKey && target === first))) return;
    event.preventDefault();
    if (isTo) first.focus();
    else this.current?.focus({ preventScroll: true });
  }

  #leave() {
    const focused = /** @type {HTMLElement|null|undefined} */ (document.activeElement?.closest(".segment"));
    if (focused && this.transcript.contains(focused)) this.show(focused);
    else if (!this.tools.contains(document.activeElement)) this.hide();
  }

  #place() {
    if (!this.current?.isConnected) return this.hide();
    const { top, bottom } = this.current.getBoundingClientRect();
    const edge = this.transcript.getBoundingClientRect().top;
    this.tools.dataset.speaker = this.current.dataset.speaker;
    this.tools.style.setProperty("--top", `${top - edge}px`);
    this.tools.style.setProperty("--bottom", `${bottom - edge}px`);
  }

  #changed() {
    if (!this.tools.hidden) this.#place();
    this.label();
  }

  /** Name on each segment what it has of notes. */
  label() {
    const noted = this.notes.bySegment;
    for (const [id, node] of this.#labels) {
      if (noted.has(id)) continue;
      node.remove();
      this.#labels.delete(id);
    }
    for (const [id, notes] of noted) {
      const segment = this.transcript.nodeOf(id);
      if (segment) this.#write(segment, id, label(notes), `#note-${notes[0].id}`);
    }
  }

  /** @param {HTMLElement} segment @param {string} id @param {string} words @param {string} href */
  #write(segment, id, words, href) {
    let node = this.#labels.get(id);
    if (!node || node.parentElement !== segment) {
      node?.remove();
      node = document.createElement("p");
      node.className = "segment-notes";
      node.append(document.createElement("a"));
      segment.append(node);
      this.#labels.set(id, node);
    }
    const link = /** @type {HTMLAnchorElement} */ (node.firstElementChild);
    if (link.textContent !== words) link.textContent = words;
    if (link.getAttribute("href") !== href) link.setAttribute("href", href);
  }
}

/** Where there is no clipboard (neither https nor localhost) the link comes to stand in the address bar.
 * @param {HTMLElement} button says what came of it @param {string|undefined} segmentId */
export async function copyLink(button, segmentId) {
  if (segmentId === undefined) return;
  const address = new URL(location.pathname, location.href);
  address.hash = `seg-${encodeURIComponent(segmentId)}`;
  const copied = await navigator.clipboard?.writeText(address.href).then(
    () => true,
    () => false,
  );
  if (!copied) location.hash = address.hash;
  const words = button.firstChild;
  if (!(words instanceof Text) || button.dataset.label) return;
  button.dataset.label = words.data;
  words.data = copied ? "Copied" : "In the address bar";
  setTimeout(() => {
    words.data = button.dataset.label ?? "";
    delete button.dataset.label;
  }, SAID_MS);
}

/** @param {HTMLElement} tools @param {string} step @returns {HTMLElement} */
const part = (tools, step) => /** @type {HTMLElement} */ (tools.querySelector(`[data-step="${step}"]`));

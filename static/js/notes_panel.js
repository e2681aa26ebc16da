// @ts-check
/** The panel of a call's notes: its forms are sent without leaving the page. */
import { NoteList } from "callboard/note_list";

/** @typedef {import("callboard/notes").Notes} Notes */
/** @typedef {import("callboard/transcript_element").TranscriptElement} TranscriptElement */
/** @typedef {import("callboard/segments").Segment} Segment */
/** @typedef {{isFollowing: () => boolean, jump: () => void}} Follow */

/** @param {ParentNode} root @param {string} selector @returns {HTMLElement} */
const part = (root, selector) => /** @type {HTMLElement} */ (root.querySelector(selector));

export class NotesPanel {
  /** @type {{focused: Element|null, segment: string|undefined, top: number, isFollowing: boolean}|null} */
  #before = null; // where the reader was when the form came up

  #isUnfolded = false; // by us

  /** @param {HTMLElement} panel @param {Notes} notes @param {TranscriptElement} transcript @param {Follow} follow */
  constructor(panel, notes, transcript, follow) {
    this.panel = panel;
    this.notes = notes;
    this.transcript = transcript;
    this.follow = follow;
    const path = `/calls/${encodeURIComponent(panel.dataset.callSid ?? "")}/notes`;
    const pattern = /** @type {HTMLTemplateElement} */ (part(panel, '[data-part="note"]'));
    this.list = new NoteList(part(panel, '[data-part="note-list"]'), pattern, { path, changesAll: "changesAll" in panel.dataset });
    notes.addEventListener("notes-changed", () => this.show());
    panel.addEventListener("submit", (event) => this.#submitted(event));
    addEventListener("hashchange", () => location.hash.startsWith("#note-") && this.#unfold());
    panel.addEventListener("keydown", (event) => this.#pressed(event));
  }

  show() {
    const { list } = this.notes;
    this.list.show(list);
    part(this.panel, '[data-part="note-count"]').textContent = list.length ? String(list.length) : "";
  }

  /** @param {string} words */
  say(words) {
    part(this.panel, '[data-part="notes-said"]').textContent = words;
  }

  /** Mark where it was said, and open a form to write to the mark. @param {Segment|undefined} segment none: the call as it is */
  async mark(segment) {
    const before = { focused: document.activeElement, segment: segment?.id, top: scrollY, isFollowing: this.follow.isFollowing() };
    const about = segment && { segment_id: segment.id, at_seconds: segment.data.segment_start };
    const note = await this.#try(() => this.notes.add(about ?? {}));
    if (!note) return;
    this.say("Marked. Write a note to it, or leave it a mark with Escape.");
    this.#open(this.list.nodeOf(note.id), before);
  }

  /** @param {HTMLElement|undefined} node @param {NotesPanel["#before"]} before */
  #open(node, before) {
    const form = /** @type {HTMLDetailsElement|null|undefined} */ (node?.querySelector(".note-edit"));
    if (!form) return;
    this.#unfold();
    form.open = true;
    this.#before = before;
    form.querySelector("textarea")?.focus();
  }

  /** On narrow screens the panel is folded away; by the same button it is put back. */
  #unfold() {
    if (!this.panel.checkVisibility()) this.#fold();
  }

  #fold() {
    /** @type {HTMLElement|null} */ (document.querySelector('[data-step="details"]'))?.click();
    this.#isUnfolded = !this.#isUnfolded;
  }

  /** Back to where the reader was before the form. @param {HTMLDetailsElement} form */
  #close(form) {
    const summary = /** @type {HTMLElement} */ (form.querySelector("summary"));
    form.open = false;
    const before = this.#before;
    this.#before = null;
    if (!before) return summary.focus();
    if (this.#isUnfolded) this.#fold();
    /** @type {HTMLElement} */ (document.activeElement).blur();
    if (before.focused !== document.body) this.#refocus(before.focused, before.segment);
    if (before.isFollowing) this.follow.jump();
    else if (scrollY !== before.top) scrollTo({ top: before.top, behavior: "instant" });
  }

  /** The same place, or where that is hidden now (the tools of a segment), the segment.
   * @param {Element|null} place @param {string|undefined} segment */
  #refocus(place, segment) {
    for (const node of [place, this.transcript.nodeOf(segment ?? "")]) {
      if (!(node instanceof HTMLElement) || document.activeElement !== document.body) continue;
      if (node !== place) node.tabIndex = -1;
      node.focus({ preventScroll: true });
    }
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const { target, key, ctrlKey, metaKey } = event;
    if (!(target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement)) return;
    const details = /** @type {HTMLDetailsElement|null} */ (target.closest("details"));
    if (key === "Enter" && (ctrlKey || metaKey)) target.form?.requestSubmit();
    if (key !== "Escape" || !details) return;
    event.preventDefault();
    event.stopPropagation();
    target.form?.reset();
    this.say("");
    this.#close(details);
  }

  /** @param {SubmitEvent} event */
  async #submitted(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const details = /** @type {HTMLDetailsElement} */ (form.closest("details"));
    const { text, moment } = Object.fromEntries(new FormData(form));
    const id = Number(/** @type {HTMLElement|null} */ (form.closest(".note"))?.dataset.noteId);
    const doing = /** @type {HTMLButtonElement|null} */ (event.submitter)?.value;
    if (doing === "remove") {
      const next = form.closest(".note")?.nextElementSibling ?? part(this.panel, '[data-part="note-new"] summary');
      if (await this.#try(() => this.notes.remove(id).then(() => true))) /** @type {HTMLElement} */ (next).focus();
      this.#before = null;
      return;
    }
    const write = id
      ? () => this.notes.change(id, String(text))
      : () => this.notes.add({ text: String(text), at_seconds: seconds(String(moment)) });
    if (!(await this.#try(() => write().then(() => true)))) return;
    form.reset();
    this.say(id ? "Saved." : "Added.");
    this.#close(details);
  }

  /** What it results in; undefined where it did not go well, which is said. @template T @param {() => Promise<T>} work */
  async #try(work) {
    this.say("");
    try {
      return await work();
    } catch (reason) {
      this.say(reason instanceof Error ? reason.message : String(reason));
    }
  }
}

/** Of `1:05` or `1:02:31`; null of nothing. @param {string} moment */
export function seconds(moment) {
  return moment ? moment.split(":").reduce((sum, part) => sum * 60 + Number(part), 0) : null;
}

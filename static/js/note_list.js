// @ts-check
/** The notes of a call as a list on its page: nodes as templates/macros/note.html makes them, each with a form to change it. */
import { mmss } from "callboard/format";
import { wallClock } from "callboard/segment_node";

/** @typedef {import("callboard/notes").Note} Note */

/** @param {ParentNode} root @param {string} selector @returns {HTMLElement} */
const part = (root, selector) => /** @type {HTMLElement} */ (root.querySelector(selector));

export class NoteList {
  /** @type {Map<number, HTMLElement>} */ #nodes = new Map();

  /** @param {HTMLElement} list @param {HTMLTemplateElement} pattern
   * @param {{path: string, changesAll: boolean}} options `path` of the call's forms */
  constructor(list, pattern, { path, changesAll }) {
    this.list = list;
    this.pattern = pattern;
    this.path = path;
    this.changesAll = changesAll;
    for (const node of /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll(".note"))) {
      this.#nodes.set(Number(node.dataset.noteId), node);
    }
  }

  /** @param {number} id */
  nodeOf(id) {
    return this.#nodes.get(id);
  }

  /** What is being written in a form stays. @param {Note[]} notes in order */
  show(notes) {
    const there = new Set(notes.map(({ id }) => id));
    for (const [id, node] of this.#nodes) {
      if (there.has(id)) continue;
      node.remove();
      this.#nodes.delete(id);
    }
    notes.forEach((note, at) => {
      const node = this.#nodes.get(note.id) ?? this.#made(note);
      this.#fill(node, note);
      if (this.list.children[at] !== node) this.list.insertBefore(node, this.list.children[at] ?? null);
    });
  }

  /** @param {Note} note */
  #made(note) {
    const copy = /** @type {DocumentFragment} */ (this.pattern.content.cloneNode(true));
    const node = /** @type {HTMLElement} */ (copy.firstElementChild);
    node.id = `note-${note.id}`;
    node.dataset.noteId = String(note.id);
    part(node, ".note-author").textContent = note.author;
    const place = note.at_seconds === null ? wallClock.format(new Date(note.created_at)) : mmss(note.at_seconds);
    const moment = /** @type {HTMLAnchorElement} */ (part(node, ".note-moment"));
    moment.textContent = place;
    if (note.segment_id !== null) moment.href = `#seg-${encodeURIComponent(note.segment_id)}`;
    if (note.is_mine || this.changesAll) {
      part(node, "summary .visually-hidden").append(place);
      /** @type {HTMLFormElement} */ (part(node, "form")).action = `${this.path}/${note.id}`;
    } else part(node, ".note-edit").remove();
    this.#nodes.set(note.id, node);
    return node;
  }

  /** @param {HTMLElement} node @param {Note} note */
  #fill(node, { text }) {
    node.classList.toggle("is-mark", !text);
    const words = part(node, ".note-text");
    if (words.textContent !== (text || "Mark")) words.textContent = text || "Mark";
    const field = /** @type {HTMLTextAreaElement|null} */ (node.querySelector("textarea"));
    if (!field || field.defaultValue === text) return;
    const isBeingWritten = field.value !== field.defaultValue;
    field.defaultValue = text;
    if (!isBeingWritten) field.value = text;
  }
}

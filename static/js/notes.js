// @ts-check
/**
 * The notes and marks of a call, as the server has them. No screen.
 *
 * @typedef {object} Note one with an empty text is a mark
 * @property {number} id
 * @property {string|null} segment_id
 * @property {number|null} at_seconds from the answer
 * @property {string} text
 * @property {string} author
 * @property {string} created_at
 * @property {boolean} is_mine
 */
import { counted } from "callboard/format";

/** Thrown where the server did not take something; its message is for people. */
export class NotTaken extends Error {}

export class Notes extends EventTarget {
  /** In order of time. @type {Note[]} */ list = [];
  /** @type {number|null} */ #version = null; // of the list, as the socket tells it; null: as the page was made
  #asked = 0; // counts, so that an answer does not replace that to a later question
  #shown = 0;

  /** @param {{path: string, xsrfToken: string, list?: Note[], fetch?: typeof fetch}} options `path` of the call's notes */
  constructor({ path, xsrfToken, list = [], fetch = globalThis.fetch.bind(globalThis) }) {
    super();
    this.path = path;
    this.list = list;
    this.xsrfToken = xsrfToken;
    this.fetch = fetch;
  }

  /** Read them again, if they are not those of this version. @param {number} version */
  heard(version) {
    if (version === this.#version) return;
    this.#version = version;
    this.refresh().catch(() => (this.#version = null)); // told again with the next change, or connection
  }

  async refresh() {
    const mine = ++this.#asked;
    const found = await this.#ask("GET");
    if (mine > this.#shown) this.#set(found, mine);
  }

  /** @param {{segment_id?: string|null, at_seconds?: number|null, text?: string}} note @returns {Promise<Note>} */
  async add(note) {
    const added = await this.#ask("POST", "", note);
    await this.refresh();
    return added;
  }

  /** @param {number} id @param {string} text */
  async change(id, text) {
    await this.#ask("PUT", `/${id}`, { text });
    await this.refresh();
  }

  /** @param {number} id */
  async remove(id) {
    await this.#ask("DELETE", `/${id}`);
    await this.refresh();
  }

  /** They may not be seen any more. */
  clear() {
    this.#set([], ++this.#asked);
  }

  /** By segment. @returns {Map<string, Note[]>} */
  get bySegment() {
    /** @type {Map<string, Note[]>} */ const found = new Map();
    for (const note of this.list) {
      if (note.segment_id !== null) found.set(note.segment_id, [...(found.get(note.segment_id) ?? []), note]);
    }
    return found;
  }

  /** @param {Note[]} list @param {number} asked */
  #set(list, asked) {
    this.list = list;
    this.#shown = asked;
    this.dispatchEvent(new Event("notes-changed"));
  }

  /** @param {string} method @param {string} [more] of the path @param {object} [body] @returns {Promise<any>} */
  async #ask(method, more = "", body) {
    const headers = { "X-XSRFToken": this.xsrfToken, ...(body && { "Content-Type": "application/json" }) };
    const options = { method, headers, credentials: /** @type {const} */ ("same-origin"), body: body && JSON.stringify(body) };
    const answer = await this.fetch(this.path + more, options).catch(() => {
      throw new NotTaken("The server cannot be reached. Try again.");
    });
    if (answer.ok) return answer.status === 204 ? null : answer.json();
    if (answer.status === 401) throw new NotTaken("You are signed out. Sign in in another tab, then try again.");
    const said = await answer.json().catch(() => null);
    throw new NotTaken(said?.error?.message ?? `The server answered ${answer.status}. Try again.`);
  }
}

/** `Note`, `Mark`, `2 notes`: what a segment is labelled with; call_notes.py has the same. @param {Note[]} notes of it, some */
export function label(notes) {
  const what = notes.some(({ text }) => text) ? "note" : "mark";
  return notes.length === 1 ? what[0].toUpperCase() + what.slice(1) : counted(notes.length, what);
}

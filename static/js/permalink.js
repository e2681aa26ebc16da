// @ts-check
/** A link to a segment (`#seg-…`) that is not on the page yet: leads there when it comes in. */

const MOVES = ["wheel", "touchmove", "keydown", "pointerdown"]; // the reader has gone elsewhere meanwhile

export class Permalink {
  /** @type {string|null} */ #wanted = null; // segment

  /** @param {import("callboard/transcript_element").TranscriptElement} transcript */
  constructor(transcript) {
    this.transcript = transcript;
    this.#look();
    addEventListener("hashchange", () => this.#look());
    transcript.addEventListener("transcript-changed", () => this.#arrived());
    for (const kind of MOVES) addEventListener(kind, () => (this.#wanted = null), { passive: true });
  }

  #look() {
    const id = segmentOf(location.hash);
    this.#wanted = id !== null && !this.transcript.nodeOf(id) ? id : null;
  }

  #arrived() {
    const id = this.#wanted;
    if (id === null || !this.transcript.nodeOf(id)?.isConnected) return;
    this.#wanted = null;
    location.replace(location.hash); // again: only so it becomes the page's target, and looks it
    this.transcript.goTo(id);
  }
}

/** @param {string} hash @returns {string|null} */
export function segmentOf(hash) {
  if (!hash.startsWith("#seg-")) return null;
  try {
    return decodeURIComponent(hash.slice(5));
  } catch {
    return hash.slice(5); // somebody's own writing
  }
}

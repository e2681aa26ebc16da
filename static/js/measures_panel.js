// @ts-check
/** The measures beside a call that goes on: the numbers that the server rendered, kept up to date, as
 * templates/call_measures.html writes them. Nobody is told: who wants to know looks. */
import { duration, rounded, tenths } from "callboard/format";
import { measure } from "callboard/measures";

/** @typedef {import("callboard/transcript_element").TranscriptElement} TranscriptElement */

const EVERY_MS = 1000; // measured anew at most so often

/** @param {number} share */
const percent = (share) => rounded(share * 100);
const WRITTEN = {
  talk_share_user: (/** @type {number} */ share) => `${percent(share)} %`,
  talk_share_assistant: (/** @type {number} */ _, /** @type {number} */ other) => `${100 - percent(other)} %`,
  talk_time_user: duration,
  talk_time_assistant: duration,
  silence_time: duration,
  longest_silence: tenths,
  interruptions: String,
  average_response_time: tenths,
  segments_without_times: String,
};

export class MeasuresPanel {
  /** @type {number|null} */ #ended = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #showing;

  /** @param {HTMLElement} root @param {TranscriptElement} transcript */
  constructor(root, transcript) {
    this.root = root;
    this.transcript = transcript;
    transcript.addEventListener("transcript-changed", () => this.#showSoon());
  }

  /** From now on they are of this moment. */
  live() {
    this.root.querySelector('[data-part="measures-until"]')?.remove();
  }

  /** The call is over. @param {number|null} duration s */
  finish(duration) {
    this.#ended = duration;
    this.#showSoon();
  }

  #showSoon() {
    this.#showing ??= setTimeout(() => this.#show(), EVERY_MS);
  }

  #show() {
    this.#showing = undefined;
    const numbers = measure(this.transcript.segments.list, this.#ended);
    const share = numbers.talk_share_user;
    for (const [name, write] of Object.entries(WRITTEN)) {
      const value = numbers[/** @type {keyof typeof WRITTEN} */ (name)];
      this.#write(name, value === null ? null : write(value, share ?? 0));
    }
    const bar = this.#part("talk-share");
    bar.toggleAttribute("hidden", share === null);
    bar.querySelector(".talk-share-user")?.setAttribute("width", ((share ?? 0) * 100).toFixed(1));
    this.#part("measures-untimed").hidden = !numbers.segments_without_times;
  }

  /** @param {string} name @param {string|null} text null: not known */
  #write(name, text) {
    const place = /** @type {HTMLElement} */ (this.root.querySelector(`[data-measure="${name}"]`));
    const words = text ?? "n/a";
    if (place.textContent === words) return;
    place.textContent = words;
    if (text !== null) return;
    const unknown = document.createElement("span");
    unknown.className = "is-unknown";
    unknown.textContent = words;
    place.replaceChildren(unknown);
  }

  /** @param {string} name @returns {HTMLElement} */
  #part(name) {
    return /** @type {HTMLElement} */ (this.root.querySelector(`[data-part="${name}"]`));
  }
}

// @ts-check
/** How true the page is at this moment, in words, and what its reader can do about it. */
import { counted, duration, plain } from "callboard/format";

/** @typedef {import("callboard/live_transcript").State} State */
/** @typedef {import("callboard/messages").StatusMessage} StatusMessage */
/** @typedef {{tone: "live"|"behind"|"over"|"lost", words: string, step: null|"retry"|"sign-in"|"reload"|"leave"}} Said */

const NOT_YET = { tone: /** @type {const} */ ("behind"), step: null };

/** `{tone: "behind", words: "Reconnecting, may be behind · attempt 2", step: "retry"}` @param {State} state
 * @param {number} [behindS] how far what comes in lags @returns {Said} */
export function describe(state, behindS = 0) {
  switch (state.name) {
    case "connecting":
      return { ...NOT_YET, words: "Connecting…" };
    case "live":
      if (behindS) return { ...NOT_YET, words: `Behind by ${behindS} s` };
      return { tone: "live", words: state.recovered === null ? "Live" : recovered(state.recovered), step: null };
    case "reconnecting":
      return { ...NOT_YET, words: reconnecting(state), step: "retry" };
    case "full":
      return { ...NOT_YET, words: `${full(state.limit)}, waiting for a place`, step: "retry" };
    case "ended":
      return { tone: "over", words: ending(state.status), step: null };
    case "signed-out":
      return { tone: "lost", words: "Signed out, no longer live", step: "sign-in" };
    case "removed":
      return { tone: "lost", words: "Access removed", step: "leave" };
    case "failed":
      return { tone: "lost", words: `Not live: ${state.error.message ?? plain(state.error.error)}`, step: "reload" };
    default:
      return { tone: "over", words: "Not live", step: "reload" };
  }
}

/** `Ended · 3:21 · hung up` @param {StatusMessage|null} message */
export function ending(message) {
  const { duration: seconds = null, reason = null } = message?.metadata ?? {};
  const parts = [message?.status === "failed" ? "Failed" : "Ended"];
  if (seconds !== null) parts.push(duration(seconds));
  if (reason) parts.push(plain(reason));
  return parts.join(" · ");
}

/** @param {number} n */
function recovered(n) {
  return n ? `Back, ${counted(n, "segment")} recovered` : "Back, nothing was missed";
}

/** @param {Extract<State, {name: "reconnecting"}>} state */
function reconnecting({ attempt, error }) {
  const tries = `attempt ${attempt}`;
  if (error?.error === "server_shutdown") return `Server restarting, may be behind · ${tries}`;
  if (error?.error === "access_denied") return `Waiting for the call to appear · ${tries}`;
  return `Reconnecting, may be behind · ${tries}`;
}

/** @param {number|null} limit */
function full(limit) {
  return limit ? `${limit} of ${limit} viewers` : "All viewers' places are taken";
}

/** The line in the page's header: `<… role="status" data-tone>` and one control for each step. */
export class ConnectionStatus {
  #shownAs = "";

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.words = /** @type {HTMLElement} */ (root.querySelector("[role=status]"));
  }

  /** @param {Said} said */
  show({ tone, words, step }) {
    this.root.dataset.tone = tone;
    if (this.#shownAs !== words) this.words.textContent = this.#shownAs = words;
    for (const control of /** @type {NodeListOf<HTMLElement>} */ (this.root.querySelectorAll("[data-step]"))) {
      control.hidden = control.dataset.step !== step;
    }
  }
}

// @ts-check
/** What the wall says of its calls. */
import { ending } from "callboard/connection_status";
import { counted } from "callboard/format";

export const SPEAKERS = { user: "Customer", assistant: "Assistant" }; // templates/macros/call_row.html has the same
const NAMED_ALERTS = 2; // more would push the words out of the row

/** `quiet 45 s`, `quiet 3 min` @param {number} ms */
export function quietFor(ms) {
  const seconds = Math.floor(ms / 1000);
  return seconds < 120 ? `quiet ${seconds} s` : `quiet ${Math.floor(seconds / 60)} min`;
}

/** `Refund, Shouting +1` @param {string[]} names */
export function alertsInWords(names) {
  const more = names.length - NAMED_ALERTS;
  return names.slice(0, NAMED_ALERTS).join(", ") + (more > 0 ? ` +${more}` : "");
}

/** `Ended · hung up`; how long it was stands beside it. @param {{status: any, metadata: {reason: string|null}}} call */
export function endingInWords({ status, metadata }) {
  return ending(/** @type {any} */ ({ status, metadata: { reason: metadata.reason } }));
}

/** `7 of 12 calls` @param {number} shown @param {number} all */
export function share(shown, all) {
  return `${shown} of ${counted(all, "call")}`;
}

/** `2 new calls, 1 ended, 3 alerts`; "" where there is nothing to say.
 * @param {{started: number, ended: number, alerts?: number}} news */
export function newsInWords({ started, ended, alerts = 0 }) {
  const parts = [];
  if (started) parts.push(counted(started, "new call"));
  if (ended) parts.push(started ? `${ended} ended` : `${counted(ended, "call")} ended`);
  if (alerts) parts.push(counted(alerts, "alert"));
  return parts.join(", ");
}

/** What the list holds back while someone reads it. @param {number} changes */
export function heldInWords(changes) {
  return `${counted(changes, "change")} in order · Update`;
}

/** What a new connection brought. @param {{started: number, left: number}} news */
export function backInWords({ started, left }) {
  const parts = [];
  if (started) parts.push(counted(started, "new call"));
  if (left) parts.push(`${left} ended meanwhile`);
  return `Back, ${parts.join(", ") || "same calls as before"}`;
}

/** Says merged what happened, and not more often than one can listen to. */
export class News {
  static FIRST_MS = 2_000; // what happens together is said together
  static REST_MS = 10_000;
  #started = 0;
  #ended = 0;
  #alerts = 0;
  /** @type {any} */ #timer = null;

  /** @param {(words: string) => void} say @param {(work: () => void, ms: number) => any} [later] */
  constructor(say, later = (work, ms) => setTimeout(work, ms)) {
    this.say = say;
    this.later = later;
  }

  /** @param {number} started @param {number} ended @param {number} [alerts] */
  heard(started, ended, alerts = 0) {
    this.#started += started;
    this.#ended += ended;
    this.#alerts += alerts;
    if (this.#started + this.#ended + this.#alerts && this.#timer === null) this.#timer = this.later(() => this.#tell(), News.FIRST_MS);
  }

  #tell() {
    const words = newsInWords({ started: this.#started, ended: this.#ended, alerts: this.#alerts });
    this.#started = this.#ended = this.#alerts = 0;
    this.#timer = words ? this.later(() => this.#tell(), News.REST_MS) : null;
    if (words) this.say(words);
  }
}

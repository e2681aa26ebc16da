// @ts-check
/** What stands where no call does: which of the notes is true, and the call that ended last. */
import { ending } from "callboard/connection_status";
import { counted } from "callboard/format";

/** @typedef {import("callboard/wall").Call} Call */

export class WallNotices {
  #hasHadCalls = false;

  /** @param {(name: string) => HTMLElement} part */
  constructor(part) {
    this.part = part;
  }

  /** @param {{all: number, shown: number, isLive: boolean, isRemoved: boolean}} wall how many calls there are, and pass the filters */
  show({ all, shown, isLive, isRemoved }) {
    this.#hasHadCalls ||= all > 0 || !this.part("none-yet");
    this.#toggle(".call-list", shown > 0);
    this.#toggle('[data-part="bar"]', all > 0);
    this.#toggle('[data-part="none-matching"]', all > 0 && shown === 0);
    this.#toggle('[data-part="none-running"]', !all && this.#hasHadCalls && !isRemoved);
    this.#toggle('[data-part="none-yet"]', !all && !this.#hasHadCalls && !isRemoved);
    this.#toggle('[data-part="removed"]', isRemoved);
    const title = isLive ? "No call is running" : "No call was running when last heard"; // nothing is claimed that isn't known
    if (this.part("none-title").textContent !== title) this.part("none-title").textContent = title;
    if (all) this.part("hidden-calls").textContent = `${counted(all, "call")} ${all === 1 ? "is" : "are"} not shown.`;
  }

  /** @param {Call} call it has gone from the list */
  left(call) {
    const link = /** @type {HTMLAnchorElement} */ (this.part("last-link"));
    link.href = `/calls/${encodeURIComponent(call.call_sid)}`;
    link.textContent = call.metadata.customer_phone_number ?? "Unknown number";
    this.part("last-assistant").textContent = call.metadata.assistant_name ?? "";
    this.part("last-words").textContent = ` · ${ending(/** @type {any} */ (call))}`;
    this.part("last-ended").hidden = false;
  }

  /** @param {string} selector @param {boolean} isShown */
  #toggle(selector, isShown) {
    const node = /** @type {HTMLElement|null} */ (document.querySelector(selector));
    if (node && node.hidden === isShown) node.hidden = !isShown;
  }
}

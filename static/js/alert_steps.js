// @ts-check
/** From alert to alert in a transcript: two buttons, and the letters n and p where letters are switched on. */
import { lasting } from "callboard/wall_memory";

const PLACES = ".segment:has(> .segment-alerts), .event.is-alert";

/** Which of the places to go to: the next one below the line, or the last one above it; round and round.
 * @param {number[]} tops where they begin, px from the line that is read @param {1|-1} by @returns {number} -1: none */
export function step(tops, by) {
  if (!tops.length) return -1;
  const at = by > 0 ? tops.findIndex((top) => top > 1) : tops.findLastIndex((top) => top < -1);
  return at >= 0 ? at : by > 0 ? 0 : tops.length - 1;
}

export class AlertSteps {
  /** @param {HTMLElement} transcript @param {HTMLElement} panel with the buttons and the count */
  constructor(transcript, panel) {
    this.transcript = transcript;
    this.panel = panel;
    panel.querySelector('[data-step="previous-alert"]')?.addEventListener("click", () => this.go(-1));
    panel.querySelector('[data-step="next-alert"]')?.addEventListener("click", () => this.go(1));
    document.addEventListener("keydown", (event) => this.#pressed(event));
  }

  /** @param {number} count */
  show(count) {
    const number = /** @type {HTMLElement} */ (this.panel.querySelector('[data-part="alert-count"]'));
    if (number.textContent !== String(count)) number.textContent = String(count);
    this.panel.hidden = !count;
  }

  /** @param {1|-1} by */
  go(by) {
    const places = /** @type {HTMLElement[]} */ ([...this.transcript.querySelectorAll(PLACES)]);
    const margin = parseFloat(places.length ? getComputedStyle(places[0]).scrollMarginBlockStart : "0") || 0;
    const at = step(places.map((place) => place.getBoundingClientRect().top - margin), by);
    if (at < 0) return;
    places[at].tabIndex = -1;
    places[at].focus({ preventScroll: true });
    places[at].scrollIntoView({ block: "start", behavior: "instant" });
  }

  /** @param {KeyboardEvent} event */
  #pressed({ key, ctrlKey, altKey, metaKey, target, defaultPrevented, isComposing }) {
    const isField = target instanceof Element && target.closest("input, select, textarea, [contenteditable]");
    if (defaultPrevented || isComposing || ctrlKey || altKey || metaKey || isField || !lasting.get("letters", true)) return;
    if (key === "n") this.go(1);
    else if (key === "p") this.go(-1);
  }
}

// @ts-check
/** From alert to alert in a transcript, and from segment to segment, as two buttons each ask for it. */
import { readingLine } from "callboard/reveal";
import { topsFrom } from "callboard/segment_groups";

const PLACES = ".segment:has(> .segment-alerts), .event.is-alert";

/** Which of the places to go to: the next one below the line, or the last one above it; round and round.
 * @param {number[]} tops where they begin, px from the line that is read @param {1|-1} by @returns {number} -1: none */
export function step(tops, by) {
  if (!tops.length) return -1;
  const at = by > 0 ? tops.findIndex((top) => top > 1) : tops.findLastIndex((top) => top < -1);
  return at >= 0 ? at : by > 0 ? 0 : tops.length - 1;
}

/** From the place that has the focus, as long as that is in sight, else from where the reader reads.
 * @param {import("callboard/transcript_element").TranscriptElement} transcript @param {string} selector of the places
 * @param {1|-1} by @param {{isRound?: boolean}} [how] after the last one the first? */
export function go(transcript, selector, by, { isRound = true } = {}) {
  const { only } = transcript;
  const all = /** @type {HTMLElement[]} */ ([...transcript.querySelectorAll(selector)]);
  const places = all.filter(({ dataset: { speaker } }) => !only || !speaker || speaker === only);
  const line = readingLine();
  const tops = topsFrom(line, places);
  const own = places.findIndex((place, at) => place.contains(document.activeElement) && tops[at] > -2 && tops[at] < innerHeight - line);
  const last = places.length - 1;
  const next = own < 0 ? step(tops, by) : own + by;
  const at = isRound ? (next + places.length) % places.length : Math.min(next, last);
  if (places[at] && next >= (isRound ? -1 : 0)) transcript.lead(places[at]);
}

export class AlertSteps {
  /** @param {import("callboard/transcript_element").TranscriptElement} transcript
   * @param {HTMLElement} panel with the buttons and the count */
  constructor(transcript, panel) {
    this.panel = panel;
    panel.querySelector('[data-step="previous-alert"]')?.addEventListener("click", () => go(transcript, PLACES, -1));
    panel.querySelector('[data-step="next-alert"]')?.addEventListener("click", () => go(transcript, PLACES, 1));
  }

  /** @param {number} count */
  show(count) {
    const number = /** @type {HTMLElement} */ (this.panel.querySelector('[data-part="alert-count"]'));
    if (number.textContent !== String(count)) number.textContent = String(count);
    this.panel.hidden = !count;
  }
}


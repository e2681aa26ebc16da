// @ts-check
/** What alerts a call has, by what they are about; and how the words that set them off are cut out of a text. No screen.
 *
 * @typedef {import("./messages.js").AlertData} AlertData
 */

/** The alerts of one call; one that is told again replaces itself. */
export class Alerts {
  /** By id. @type {Map<number, AlertData>} */ #all = new Map();
  /** @type {Map<string, Set<number>>} */ #bySegment = new Map();

  /** @param {AlertData} alert @returns {boolean} whether it is news: the first of its id, or about a newer entry */
  take(alert) {
    const known = this.#all.get(alert.id);
    if (known && (known.seq ?? 0) >= (alert.seq ?? 0)) return false;
    this.#all.set(alert.id, alert);
    const { segment_id: segment } = alert;
    if (segment !== null) this.#bySegment.set(segment, (this.#bySegment.get(segment) ?? new Set()).add(alert.id));
    return true;
  }

  get list() {
    return [...this.#all.values()];
  }

  get count() {
    return this.#all.size;
  }

  /** In the order in which they were raised. @param {string} id @returns {AlertData[]} */
  ofSegment(id) {
    const ids = [...(this.#bySegment.get(id) ?? [])].sort((a, b) => a - b);
    return ids.map((one) => /** @type {AlertData} */ (this.#all.get(one)));
  }

  /** What to mark in the entry of a segment that is shown. @param {string} id @param {number} seq @returns {[number, number][]} */
  spans(id, seq) {
    return merged(this.ofSegment(id).flatMap((alert) => (alert.seq === seq && alert.spans) || []));
  }

  clear() {
    this.#all.clear();
    this.#bySegment.clear();
  }
}

/** In order, and none over another. @param {[number, number][]} spans @returns {[number, number][]} */
export function merged(spans) {
  /** @type {[number, number][]} */ const result = [];
  for (const [start, end] of [...spans].sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const last = result.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else result.push([start, end]);
  }
  return result;
}

/** The text in pieces, every second one within a span. Spans count characters, as the server does, and not the halves
 * that JavaScript's strings count. @param {string} text @param {[number, number][]} spans merged @returns {string[]} */
export function pieces(text, spans) {
  const characters = [...text];
  const cuts = [0, ...spans.flat(), characters.length];
  return cuts.slice(1).map((end, at) => characters.slice(cuts[at], end).join(""));
}

/** `Refund, Legal threat` @param {AlertData[]} alerts */
export function ruleNames(alerts) {
  return [...new Set(alerts.map(({ rule }) => rule))].join(", ");
}

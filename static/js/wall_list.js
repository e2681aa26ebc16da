// @ts-check
/**
 * The rows on the screen. What changed is written once a frame; of what moves, as little as possible is moved, and what
 * the reader looks at, points to or has the focus on stays where it is.
 */
import { holding, unmoved } from "callboard/wall_order";
import { RowNode } from "callboard/wall_row";

/** @typedef {import("callboard/wall").Call} Call */

const POINTING_MS = 3_000; // a pointer that moved so lately is about to click; one that rests is forgotten there

export class WallList {
  /** Ids, in the order on the screen. @type {string[]} */ shown = [];
  /** @type {Map<string, RowNode>} */ #rows = new Map();
  #pointedAt = -Infinity;
  /** @type {string|null} */ #pointed = null;

  /** @param {HTMLElement} table @param {HTMLTemplateElement} pattern */
  constructor(table, pattern) {
    this.table = table;
    this.pattern = /** @type {HTMLElement} */ (pattern.content.querySelector(".call-row"));
    this.place = /** @type {HTMLElement} */ (table.querySelector("tbody"));
    for (const node of this.nodes) {
      this.shown.push(sidOf(node));
      this.#rows.set(sidOf(node), new RowNode(node));
    }
    this.place.addEventListener("pointermove", (event) => this.#point(event), { passive: true });
    this.place.addEventListener("pointerleave", () => (this.#pointed = null));
  }

  /** @returns {HTMLElement[]} */
  get nodes() {
    return /** @type {HTMLElement[]} */ ([...this.place.children]);
  }

  /** @param {Call[]} calls in order @param {Set<string>} changed whose text is not what it was @param {number} now */
  draw(calls, changed, now) {
    const wanted = this.#heldStill(calls.map(({ call_sid }) => call_sid));
    for (const call of calls) {
      const row = this.#rows.get(call.call_sid);
      const hasChanged = changed.delete(call.call_sid);
      if (!row) this.#make(call, now);
      else if (hasChanged) row.fill(call, now);
      else row.age(call, now);
    }
    if (wanted.length === this.shown.length && wanted.every((sid, at) => sid === this.shown[at])) return;
    const stay = this.#anchor();
    this.#arrange(wanted);
    stay();
  }

  /** Forget the nodes of calls that left. @param {(sid: string) => boolean} isKnown */
  forget(isKnown) {
    const shown = new Set(this.shown);
    for (const sid of this.#rows.keys()) if (!isKnown(sid) && !shown.has(sid)) this.#rows.delete(sid);
  }

  /** Move the focus. @param {number} by rows, from the one that has it; the first if none has */
  step(by) {
    const at = this.shown.indexOf(sidOf(document.activeElement));
    const next = at < 0 ? 0 : Math.min(Math.max(at + by, 0), this.shown.length - 1);
    this.#rows.get(this.shown[next])?.link.focus();
  }

  /** How many stand side by side. */
  get columns() {
    const [first, ...others] = this.nodes;
    const next = others.findIndex((node) => node.offsetTop !== first.offsetTop);
    return next < 0 ? others.length + 1 : next + 1;
  }

  /** @param {Call} call @param {number} now */
  #make(call, now) {
    const row = new RowNode(/** @type {HTMLElement} */ (this.pattern.cloneNode(true)));
    row.fill(call, now);
    this.#rows.set(call.call_sid, row);
  }

  /** @param {string[]} wanted */
  #heldStill(wanted) {
    const isPointing = performance.now() - this.#pointedAt < POINTING_MS;
    return holding(this.shown, wanted, isPointing ? this.#pointed : null);
  }

  /** @param {string[]} wanted */
  #arrange(wanted) {
    const staying = unmoved(this.shown, wanted);
    const kept = new Set(wanted);
    const focused = document.activeElement;
    for (const sid of this.shown) if (!kept.has(sid)) this.#node(sid).remove();
    /** @type {HTMLElement|null} */ let after = null;
    for (const sid of wanted.toReversed()) {
      const node = this.#node(sid);
      if (!staying.has(sid) || !node.isConnected) this.place.insertBefore(node, after);
      after = node;
    }
    const was = this.shown.indexOf(sidOf(focused));
    this.shown = wanted;
    if (was < 0 || document.activeElement === focused) return;
    if (!focused?.isConnected) return this.#rows.get(wanted[Math.min(was, wanted.length - 1)])?.link.focus({ preventScroll: true });
    /** @type {HTMLElement} */ (focused).focus({ preventScroll: true }); // it was moved, and lost the focus by that
  }

  /** Remembers where the reader looks; what it returns scrolls that back to its place. */
  #anchor() {
    const node = this.#looked();
    const top = node?.getBoundingClientRect().top ?? 0;
    return () => {
      const by = node?.isConnected ? node.getBoundingClientRect().top - top : 0;
      if (by) scrollBy({ top: by, behavior: "instant" });
    };
  }

  /** The row with the focus, or under the pointer, or the first in sight where the list's head is not. */
  #looked() {
    const isInSight = (/** @type {Element|null|undefined} */ node) => {
      const box = node?.getBoundingClientRect();
      return box !== undefined && box.bottom > 0 && box.top < innerHeight;
    };
    const focused = document.activeElement?.closest?.(".call-row");
    if (isInSight(focused)) return focused;
    if (this.#pointed && this.shown.includes(this.#pointed)) return this.#node(this.#pointed);
    const head = this.place.getBoundingClientRect().top;
    return head >= 0 ? null : this.nodes.find(isInSight);
  }

  /** @param {PointerEvent} event */
  #point(event) {
    this.#pointedAt = performance.now();
    this.#pointed = sidOf(/** @type {Element} */ (event.target)) || null;
  }

  /** @param {string} sid */
  #node(sid) {
    return /** @type {RowNode} */ (this.#rows.get(sid)).node;
  }
}

/** The call whose row this is in; "" outside of any. @param {Element|null|undefined} node */
function sidOf(node) {
  return /** @type {HTMLElement|null} */ (node?.closest?.(".call-row") ?? null)?.dataset.callSid ?? "";
}

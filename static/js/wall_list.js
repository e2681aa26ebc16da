// @ts-check
/**
 * The rows on the screen. What changed is written once a frame; of what moves, as little as possible is moved, and none
 * while the reader points to the list or has the focus in it: then the list says how much it holds back.
 */
import { changesBetween, holding, unmoved } from "callboard/wall_order";
import { RowNode } from "callboard/wall_row";

/** @typedef {import("callboard/wall").Call} Call */

const POINTING_MS = 30_000; // a pointer that moved so lately is somebody's who reads; one that rests longer is forgotten there
const FILLING_MS = 6; // of a frame's 16, for what is out of sight: the rest waits for the next frame

export class WallList {
  /** Ids, in the order on the screen. @type {string[]} */ shown = [];
  /** @type {Map<string, RowNode>} */ #rows = new Map();
  /** Rows that are on the screen, or nearly. @type {Set<Element>} */ #inSight = new Set();
  #sight = new IntersectionObserver((seen) => this.#saw(seen), { rootMargin: "25%" });
  /** How many rows would move or go. */ waiting = 0;
  /** The call that has or had the focus last. @type {string|null} */ focused = null;
  /** @type {string|null} */ #marked = null;
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
      this.#sight.observe(node);
    }
    this.place.addEventListener("pointermove", (event) => this.#point(event), { passive: true });
    this.place.addEventListener("focusin", ({ target }) => (this.focused = sidOf(/** @type {Element} */ (target))));
    this.place.addEventListener("pointerleave", () => (this.#pointed = null));
  }

  /** @returns {HTMLElement[]} */
  get nodes() {
    return /** @type {HTMLElement[]} */ ([...this.place.children]);
  }

  /** @param {Call[]} calls in order @param {Set<string>} changed whose text is not what it was @param {number} now
   * @param {{sources?: Map<string, string>, isAsked?: boolean}} [more] `sources`: by call, how badly its source fares;
   *   `isAsked`: the reader wants another order or other calls, so nothing is held back
   * @returns {boolean} whether all is written; what is out of sight may have to wait, and then stays in `changed` */
  draw(calls, changed, now, { sources = new Map(), isAsked = false } = {}) {
    const until = performance.now() + FILLING_MS;
    let isComplete = true;
    for (const call of calls) {
      const { call_sid: sid } = call;
      const row = this.#rows.get(sid);
      const source = sources.get(sid);
      if (!row) this.#make(call, now, source);
      else if (!changed.has(sid)) row.age(call, now, source);
      else if (this.#inSight.has(row.node) || performance.now() < until) row.fill(call, now, source);
      else {
        isComplete = false;
        continue;
      }
      changed.delete(sid);
    }
    const due = calls.map(({ call_sid }) => call_sid);
    const wanted = isAsked || !this.#isRead() ? due : holding(this.shown, due);
    this.waiting = wanted === due ? 0 : changesBetween(wanted, due);
    if (wanted.length === this.shown.length && wanted.every((sid, at) => sid === this.shown[at])) return isComplete;
    const stay = this.#anchor();
    this.#arrange(wanted);
    stay();
    return isComplete;
  }

  /** Forget the nodes of calls that left. @param {(sid: string) => boolean} isKnown */
  forget(isKnown) {
    const shown = new Set(this.shown);
    for (const [sid, row] of this.#rows) {
      if (isKnown(sid)) continue;
      if (shown.has(sid)) row.retire();
      else this.#drop(sid, row);
    }
  }

  /** This call, and no other, is open beside the list. @param {string|null} sid */
  mark(sid) {
    for (const [one, isOpen] of [[this.#marked, false], [sid, true]]) this.#rows.get(/** @type {string} */ (one))?.mark(/** @type {boolean} */ (isOpen)); // prettier-ignore
    this.#marked = sid;
  }

  /** Who calls; null where the call is not in the list. @param {string} sid */
  nameOf(sid) {
    return this.#rows.get(sid)?.link.textContent ?? null;
  }

  /** The focus to this call, or to the first where it is not shown. @param {string} sid */
  focus(sid) {
    this.#rows.get(this.shown.includes(sid) ? sid : this.shown[0])?.link.focus();
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

  /** @param {string} sid @param {RowNode} row */
  #drop(sid, row) {
    this.#rows.delete(sid);
    this.#sight.unobserve(row.node);
    this.#inSight.delete(row.node);
  }

  /** @param {IntersectionObserverEntry[]} seen */
  #saw(seen) {
    for (const { target, isIntersecting } of seen) isIntersecting ? this.#inSight.add(target) : this.#inSight.delete(target);
  }

  /** @param {Call} call @param {number} now @param {string} [source] */
  #make(call, now, source) {
    const row = new RowNode(/** @type {HTMLElement} */ (this.pattern.cloneNode(true)));
    row.fill(call, now, source);
    row.mark(call.call_sid === this.#marked);
    this.#sight.observe(row.node);
    this.#rows.set(call.call_sid, row);
  }

  /** Whether someone points to the list or has the focus in it, and the window too. */
  #isRead() {
    const isPointed = this.#pointed !== null && performance.now() - this.#pointedAt < POINTING_MS;
    return isPointed || (document.hasFocus() && this.place.contains(document.activeElement));
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

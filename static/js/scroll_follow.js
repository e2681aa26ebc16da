// @ts-check
/**
 * Stay at the end of something that grows, until the reader wants to look elsewhere. Never by a timer: only the
 * reader's going back to the end, or asking for it, starts it again.
 */
import { isRevealing } from "callboard/reveal";

export const NEAR_END_PX = 80;

/** @typedef {{top: number, viewport: number, height: number}} Position px */

/** The rule, without a screen. */
export class FollowRule {
  #top = 0;
  #isLeaving = false;
  #hasLeft = false;

  /** @param {boolean} isFollowing */
  constructor(isFollowing) {
    this.isFollowing = isFollowing;
    this.missed = 0;
  }

  /** What a scroll means. Content that grows or shrinks moves the end, but never the reader.
   * @param {Position} position */
  scrolled(position) {
    const { top } = position;
    this.#hasLeft ||= this.#isLeaving && top < this.#top;
    if (!isNearEnd(position)) this.isFollowing &&= top >= this.#top;
    else if (top > this.#top) this.resume();
    this.#top = top;
  }

  /** The page led its reader somewhere: that is no going back to the end. @param {Position} position */
  led({ top }) {
    this.#top = top;
  }

  /** A wheel began to turn away from the end: don't pull back while it does. */
  leaving() {
    if (!this.isFollowing) return;
    this.#isLeaving = true;
    this.#hasLeft = this.isFollowing = false;
  }

  /** It stands still: within the end's reach it has not left. @param {Position} position */
  settled(position) {
    if (!this.#isLeaving || !this.#hasLeft) return; // that was an earlier scroll's end
    if (isNearEnd(position)) this.resume();
    this.#isLeaving = false;
  }

  /** @param {number} n segments came that the reader may not see */
  grew(n) {
    if (!this.isFollowing) this.missed += n;
  }

  pause() {
    this.isFollowing = this.#isLeaving = false;
  }

  resume() {
    this.isFollowing = true;
    this.#isLeaving = false;
    this.missed = 0;
  }
}

/** @param {Position} position */
function isNearEnd({ top, viewport, height }) {
  return height - top - viewport <= NEAR_END_PX;
}

/** The rule applied to the page: `content` grows in it, `button` (with a `[data-missed]`) leads back to the end. */
export class ScrollFollow {
  #isTouched = false;

  /** @param {HTMLElement} content @param {HTMLButtonElement} button @param {boolean} isFollowing
   * @param {(isFollowing: boolean) => void} onChange */
  constructor(content, button, isFollowing, onChange) {
    this.scroller = document.scrollingElement ?? document.documentElement;
    this.content = content;
    this.button = button;
    this.onChange = onChange;
    this.rule = new FollowRule(isFollowing);
    document.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    document.addEventListener("scrollend", () => this.#apply(() => this.rule.settled(this.#position)));
    document.addEventListener("selectionchange", () => this.#selected());
    content.addEventListener("wheel", (event) => this.#wheeled(event), { passive: true });
    content.addEventListener("touchstart", () => (this.#isTouched = true), { passive: true });
    for (const end of ["touchend", "touchcancel"]) document.addEventListener(end, () => this.#released(), { passive: true });
    content.addEventListener("transcript-led", () => this.#apply(() => this.rule.pause()));
    button.addEventListener("click", () => this.jump());
    new ResizeObserver(() => this.#stay()).observe(document.body);
    addEventListener("resize", () => this.#stay());
    this.#apply(() => {}, true);
    this.#stay();
  }

  /** @param {number} n */
  grew(n) {
    this.#apply(() => this.rule.grew(n));
  }

  jump() {
    this.#apply(() => this.rule.resume());
    this.#stay();
  }

  toggle() {
    if (this.rule.isFollowing) this.#apply(() => this.rule.pause());
    else this.jump();
  }

  get #position() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    return { top: scrollTop, viewport: clientHeight, height: scrollHeight };
  }

  #stay() {
    if (!this.rule.isFollowing || this.#isTouched) return;
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: "instant" });
  }

  #scrolled() {
    if (isRevealing()) this.rule.led(this.#position);
    else this.#apply(() => this.rule.scrolled(this.#position));
  }

  /** @param {WheelEvent} event */
  #wheeled({ deltaY, ctrlKey }) {
    if (deltaY < 0 && !ctrlKey && this.scroller.scrollTop > 0) this.#apply(() => this.rule.leaving());
  }

  /** A finger holds the page; it is not pulled away from under it. */
  #released() {
    this.#isTouched = false;
    this.#stay();
  }

  #selected() {
    const selection = document.getSelection();
    if (!selection || selection.isCollapsed || !this.content.contains(selection.anchorNode)) return;
    this.#apply(() => this.rule.pause());
  }

  /** @param {() => void} change @param {boolean} [isFirst] */
  #apply(change, isFirst = false) {
    const before = this.rule.isFollowing;
    change();
    const { isFollowing, missed } = this.rule;
    if (this.button.hidden !== isFollowing) this.button.hidden = isFollowing;
    const text = missed ? ` · ${missed} new` : "";
    const place = /** @type {HTMLElement} */ (this.button.querySelector("[data-missed]"));
    if (place.textContent !== text) place.textContent = text;
    if (!isFirst && before === isFollowing) return;
    history.scrollRestoration = isFollowing ? "manual" : "auto"; // or a reload would begin with a scroll to where it was
    this.onChange(isFollowing);
  }
}

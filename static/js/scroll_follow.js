// @ts-check
/**
 * Stay at the end of something that grows, until the reader wants to look elsewhere. Never by a timer: only the
 * reader's going back to the end, or asking for it, starts it again.
 */

export const NEAR_END_PX = 80;

/** The rule, without a screen. */
export class FollowRule {
  #top = 0;

  /** @param {boolean} isFollowing */
  constructor(isFollowing) {
    this.isFollowing = isFollowing;
    this.missed = 0;
  }

  /** What a scroll means. Content that grows moves the end away, but never the reader up.
   * @param {{top: number, viewport: number, height: number}} position px */
  scrolled({ top, viewport, height }) {
    if (height - top - viewport <= NEAR_END_PX) this.resume();
    else if (top < this.#top) this.isFollowing = false;
    this.#top = top;
  }

  /** @param {number} n segments came that the reader may not see */
  grew(n) {
    if (!this.isFollowing) this.missed += n;
  }

  pause() {
    this.isFollowing = false;
  }

  resume() {
    this.isFollowing = true;
    this.missed = 0;
  }
}

/** The rule applied to the page: `content` grows in it, `button` (with a `[data-missed]`) leads back to the end. */
export class ScrollFollow {
  /** @param {HTMLElement} content @param {HTMLButtonElement} button @param {boolean} isFollowing */
  constructor(content, button, isFollowing) {
    this.scroller = document.scrollingElement ?? document.documentElement;
    this.content = content;
    this.button = button;
    this.rule = new FollowRule(isFollowing);
    document.addEventListener("scroll", () => this.#apply(() => this.rule.scrolled(this.#position)), { passive: true });
    document.addEventListener("selectionchange", () => this.#selected());
    button.addEventListener("click", () => this.jump());
    new ResizeObserver(() => this.#stay()).observe(content);
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

  get #position() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    return { top: scrollTop, viewport: clientHeight, height: scrollHeight };
  }

  #stay() {
    if (this.rule.isFollowing) this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: "instant" });
  }

  #selected() {
    const selection = document.getSelection();
    if (!selection || selection.isCollapsed || !this.content.contains(selection.anchorNode)) return;
    this.#apply(() => this.rule.pause());
  }

  /** @param {() => void} change */
  #apply(change) {
    change();
    const { isFollowing, missed } = this.rule;
    if (this.button.hidden !== isFollowing) this.button.hidden = isFollowing;
    const text = missed ? ` · ${missed} new` : "";
    const place = /** @type {HTMLElement} */ (this.button.querySelector("[data-missed]"));
    if (place.textContent !== text) place.textContent = text;
  }
}

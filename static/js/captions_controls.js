// @ts-check
/** How captions look, as their reader likes it and the browser remembers; controls that go when nobody needs them. */
import { lasting } from "callboard/wall_memory";

const SIZES = [0.5, 0.6, 0.7, 0.85, 1, 1.15, 1.35, 1.6, 2, 2.5, 3]; // times the size that fits the screen
const IDLE_MS = 4_000; // long enough to find the button, short enough not to stand in a meeting's way
const KEYS = /** @type {Record<string, 1|-1>} */ ({ "+": 1, "=": 1, "-": -1, "−": -1 }); // "=": plus without Shift

/** The next size, or the same where there is none. @param {number} size @param {1|-1} by */
export function nextSize(size, by) {
  const found = by > 0 ? SIZES.find((one) => one > size) : SIZES.findLast((one) => one < size);
  return found ?? size;
}

/** @param {string} name @param {number[]|string[]} among @param {any} otherwise what was remembered, if it makes sense */
const remembered = (name, among, otherwise) => {
  const found = lasting.get(`captions.${name}`, otherwise);
  return among.includes(/** @type {never} */ (found)) ? found : otherwise;
};

export class CaptionsControls {
  size = remembered("size", SIZES, 1);

  /** @param {HTMLElement} root of the captions @param {import("callboard/captions_stage").CaptionsStage} stage */
  constructor(root, stage) {
    this.root = root;
    this.stage = stage;
    const part = (/** @type {string} */ name) => /** @type {any} */ (root.querySelector(`[data-part="${name}"]`));
    this.smaller = part("smaller");
    this.larger = part("larger");
    this.smaller.addEventListener("click", () => this.resize(-1));
    this.larger.addEventListener("click", () => this.resize(1));
    this.#choice(part("most"), "most", (most) => this.#showLines(most));
    this.#choice(part("colours"), "colours", (colours) => (document.documentElement.dataset.colours = colours));
    this.#fullScreen(part("full-screen"));
    document.addEventListener("keydown", (event) => this.#pressed(event));
    for (const sign of ["pointermove", "pointerdown", "keydown", "focusin"]) document.addEventListener(sign, () => this.#wake(), { passive: true });
    part("controls").hidden = false;
    this.#applySize();
    this.#wake();
  }

  /** @param {1|-1} by */
  resize(by) {
    const [was, before] = [this.size, this.stage.letterSize];
    this.size = nextSize(was, by);
    this.#applySize();
    if (this.stage.letterSize === before) this.size = was; // the screen holds no larger ones
    this.#applySize();
    lasting.set("captions.size", this.size);
  }

  #applySize() {
    this.root.style.setProperty("--factor", String(this.size));
    this.smaller.ariaDisabled = String(nextSize(this.size, -1) === this.size);
    this.larger.ariaDisabled = String(nextSize(this.size, 1) === this.size);
    this.stage.measure();
  }

  /** @param {string} most */
  #showLines(most) {
    this.root.dataset.most = most;
    this.stage.show(Number(most));
    this.stage.measure();
  }

  /** @param {HTMLSelectElement} select @param {string} name @param {(value: string) => void} apply */
  #choice(select, name, apply) {
    const among = [...select.options].map(({ value }) => value);
    select.value = remembered(name, among, select.value);
    select.addEventListener("change", () => {
      lasting.set(`captions.${name}`, select.value);
      apply(select.value);
    });
    apply(select.value);
  }

  /** @param {HTMLButtonElement} button */
  #fullScreen(button) {
    button.hidden = !document.fullscreenEnabled;
    const isFull = () => document.fullscreenElement !== null;
    button.addEventListener("click", () => (isFull() ? document.exitFullscreen() : document.documentElement.requestFullscreen()).catch(() => {}));
    document.addEventListener("fullscreenchange", () => (button.textContent = isFull() ? "Leave full screen" : "Full screen"));
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const { key, ctrlKey, altKey, metaKey } = event;
    if (ctrlKey || altKey || metaKey || !Object.hasOwn(KEYS, key) || !lasting.get("letters", true)) return;
    event.preventDefault();
    this.resize(KEYS[key]);
  }

  #wake() {
    this.root.classList.remove("is-idle");
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.root.classList.add("is-idle"), IDLE_MS);
  }
}

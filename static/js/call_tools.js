// @ts-check
/** The toolbar above a transcript: what is shown of it, and how. Choices are kept: how someone likes to read for good,
 * whose words are read and whether the page follows for this call in this tab. */
import { go } from "callboard/alert_steps";
import { copyWith } from "callboard/copy_button";
import { FindBar } from "callboard/find_bar";
import { readingLine } from "callboard/reveal";
import { transcriptText } from "callboard/transcript_text";
import { lasting, passing } from "callboard/wall_memory";

/** @typedef {{size: "small"|"medium"|"large", hasTimes: boolean, isQuiet: boolean}} Look */
/** @typedef {{sid: string, only: string, isFollowing: boolean}} Reading */

const LOOK = /** @type {Look} */ ({ size: "medium", hasTimes: true, isQuiet: false });
const SEGMENTS = ".segment:not(.is-interim)";

export class CallTools {
  look = /** @type {Look} */ ({ ...LOOK, ...lasting.get("reading", {}) });

  /** @param {HTMLElement} root @param {import("callboard/transcript_element").TranscriptElement} transcript */
  constructor(root, transcript) {
    this.root = root;
    this.transcript = transcript;
    this.reading = this.#remembered();
    this.speakers = /** @type {HTMLSelectElement} */ (root.querySelector('[name="only"]'));
    /** @type {HTMLFieldSetElement} */ (root.querySelector('[data-part="tools"]')).disabled = false;
    this.#bind();
    new FindBar(/** @type {HTMLFormElement} */ (this.#part("find")), this.#step("find"), transcript);
    transcript.only = this.reading.only;
    this.#showLook();
    this.#showSpeaker();
    this.#measureHead();
  }

  /** Let the button lead and tell. @param {import("callboard/scroll_follow").ScrollFollow} follow */
  follows(follow) {
    this.#step("follow").addEventListener("click", () => follow.toggle());
  }

  /** @param {boolean} isFollowing */
  showFollow(isFollowing) {
    this.#step("follow").setAttribute("aria-pressed", String(isFollowing));
    this.#remember({ isFollowing });
  }

  #bind() {
    const { transcript } = this;
    this.#on("previous-segment", () => go(transcript, SEGMENTS, -1, { isRound: false }));
    this.#on("next-segment", () => go(transcript, SEGMENTS, 1, { isRound: false }));
    this.#on("times", () => this.#like({ hasTimes: !this.look.hasTimes }));
    this.#on("quiet", () => this.#like({ isQuiet: !this.look.isQuiet }));
    this.#on("show-all", () => (transcript.only = ""));
    this.#on("more", () => this.#unfold("more", this.root));
    this.#on("details", () => this.#unfold("details", /** @type {HTMLElement} */ (document.querySelector(".call-aside"))));
    this.speakers.addEventListener("change", () => (transcript.only = this.speakers.value));
    for (const size of this.root.querySelectorAll('[name="size"]')) {
      size.addEventListener("change", () => this.#like({ size: /** @type {any} */ (size).value }));
    }
    transcript.addEventListener("speaker-chosen", () => this.#showSpeaker());
    const names = { user: transcript.dataset.userName ?? "", assistant: transcript.dataset.assistantName || "Assistant" };
    copyWith(/** @type {HTMLButtonElement} */ (this.#step("copy")), () => transcriptText(transcript.segments.list, names), this.#part("said"));
  }

  /** @param {Partial<Look>} wish */
  #like(wish) {
    Object.assign(this.look, wish);
    lasting.set("reading", this.look);
    this.#showLook();
  }

  #showLook() {
    const { size, hasTimes, isQuiet } = this.look;
    this.transcript.dataset.size = size;
    this.transcript.classList.toggle("is-timeless", !hasTimes);
    this.transcript.isQuiet = isQuiet;
    for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (this.root.querySelectorAll('[name="size"]'))) {
      input.checked = input.value === size;
    }
    this.#step("times").setAttribute("aria-pressed", String(hasTimes));
    this.root.querySelector('[data-step="quiet"]')?.setAttribute("aria-pressed", String(isQuiet));
  }

  #showSpeaker() {
    const { only } = this.transcript;
    this.speakers.value = only;
    this.speakers.classList.toggle("is-set", only !== "");
    this.#part("only").hidden = !only;
    const who = only === "user" ? "the customer" : this.transcript.dataset.assistantName;
    this.#part("only-words").textContent = only ? `Showing only ${who}` : "";
    this.#remember({ only });
  }

  /** @returns {Reading} */
  #remembered() {
    const { callSid: sid = "" } = this.transcript.dataset;
    const reading = { sid, only: "", isFollowing: true };
    const kept = passing.get("call", reading);
    return kept.sid === sid ? { ...reading, ...kept } : reading;
  }

  /** @param {Partial<Reading>} change */
  #remember(change) {
    Object.assign(this.reading, change);
    passing.set("call", this.reading);
  }

  /** What there is no room for is shown when it is asked for. @param {string} step @param {HTMLElement} what */
  #unfold(step, what) {
    this.#step(step).setAttribute("aria-expanded", String(what.classList.toggle("is-open")));
  }

  /** The browser's own jumps (links, Tab) end below what sticks to the top, too. */
  #measureHead() {
    const measure = () => document.documentElement.style.setProperty("--head-size", `${readingLine()}px`);
    const sizes = new ResizeObserver(measure);
    document.querySelectorAll(".call-top, .call-head, .call-bar").forEach((head) => sizes.observe(head));
  }

  /** @param {string} step @param {() => void} work */
  #on(step, work) {
    this.root.querySelector(`[data-step="${step}"]`)?.addEventListener("click", work);
  }

  /** @param {string} name */
  #step(name) {
    return /** @type {HTMLElement} */ (this.root.querySelector(`[data-step="${name}"]`));
  }

  /** @param {string} name */
  #part(name) {
    return /** @type {HTMLElement} */ (this.root.querySelector(`[data-part="${name}"]`));
  }
}

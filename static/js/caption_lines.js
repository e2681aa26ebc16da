// @ts-check
/**
 * What is being said now, in lines. What begins to be said comes at the end, where the reader looks, even if it belongs
 * before something: nothing is put where nobody looks any more. No screen.
 */
import { directionOf, flow, wordsOf } from "callboard/caption_words";

/**
 * @typedef {import("./caption_words.js").Word} Word
 * @typedef {import("./segments.js").Segment} Segment
 *
 * @typedef {object} Block what one speaker says in one go: lines of its own
 * @property {number} id
 * @property {"user"|"assistant"} speaker
 * @property {string|null} language
 * @property {"ltr"|"rtl"|null} direction null while it has no letter
 * @property {{id: string, text: string, isInterim: boolean}[]} segments
 * @property {Word[][]} lines the last ones may be empty: what stood there was taken back
 *
 * @typedef {object} Line
 * @property {string} id the same as long as it is on the screen
 * @property {"user"|"assistant"} speaker
 * @property {string|null} language
 * @property {"ltr"|"rtl"} direction
 * @property {Word[]} words
 */

const MOST_BLOCKS = 8; // more than any screen shows
const FULL = 600; // characters: then a speaker's next segment begins a new line, or there were ever more of them to lay out

export class CaptionLines {
  /** @type {Block[]} */ #blocks = [];
  #made = 0;

  /** @param {import("./caption_words.js").Fits} fits whether a text is no longer than a line */
  constructor(fits) {
    this.fits = fits;
  }

  /** A change of what is to be shown; those of what has long gone from the screen are none here.
   * @param {import("./segments.js").Change} change */
  apply({ kind, segment }) {
    const { id, data, seq } = segment;
    const shown = { id, text: data.content, isInterim: seq === Infinity };
    if (kind === "added") return this.#add(data, shown);
    const block = this.#blocks.find(({ segments }) => segments.some((one) => one.id === id));
    if (!block) return;
    block.segments = block.segments.flatMap((one) => (one.id !== id ? one : kind === "removed" ? [] : shown));
    this.#lay(block);
  }

  /** Lines have another length now, or letters another size: all begin anew. */
  layAgain() {
    for (const block of this.#blocks) {
      block.lines = [];
      this.#lay(block);
    }
  }

  clear() {
    this.#blocks = [];
  }

  get isEmpty() {
    return this.#blocks.every(({ segments }) => !segments.length);
  }

  /** The newest lines, at most so many, the newest last. @param {number} most @returns {Line[]} */
  last(most) {
    const found = /** @type {Line[]} */ ([]);
    for (const block of this.#blocks.toReversed()) {
      const { speaker, language, direction } = block;
      for (let row = block.lines.length - 1; row >= 0 && found.length < most; row--) {
        const words = block.lines[row];
        if (!words.length && block !== this.#blocks.at(-1)) continue;
        found.unshift({ id: `${block.id}-${row}`, speaker, language, direction: direction ?? "ltr", words });
      }
    }
    return found;
  }

  /** @param {import("./messages.js").TranscriptData} data @param {Block["segments"][0]} shown */
  #add({ speaker, language }, shown) {
    const last = this.#blocks.at(-1);
    if (last && !last.segments.length) Object.assign(last, { speaker, language, direction: null });
    if (last && goesOn(last, { speaker, language, direction: directionOf(shown.text) })) last.segments.push(shown);
    else this.#blocks.push({ id: ++this.#made, speaker, language, direction: null, segments: [shown], lines: [] });
    this.#lay(/** @type {Block} */ (this.#blocks.at(-1)));
    const used = this.#blocks.filter(({ segments }, at) => segments.length || at === this.#blocks.length - 1);
    this.#blocks = used.slice(-MOST_BLOCKS);
  }

  /** @param {Block} block */
  #lay(block) {
    block.direction = directionOf(block.segments[0]?.text ?? "") ?? block.direction;
    const words = block.segments.flatMap((segment) => wordsOf(segment, this.fits));
    block.lines = flow(block.lines, words, this.fits);
  }
}

/** Whether what is said now goes on in the same line. Not behind an interim, which still grows.
 * @param {Block} block @param {Pick<Block, "speaker"|"language"|"direction">} said */
function goesOn({ segments, ...block }, { speaker, language, direction }) {
  if (!segments.length) return true;
  const isOne = block.speaker === speaker && block.language === language && block.direction === (direction ?? block.direction);
  return isOne && segments.every(({ isInterim }) => !isInterim) && segments.reduce((n, { text }) => n + text.length, 0) < FULL;
}

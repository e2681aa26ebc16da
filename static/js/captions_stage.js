// @ts-check
/** The lines of captions on the screen: the newest at the bottom, those above it move up calmly and leave. */
import { showWords } from "callboard/chips";
import { CaptionLines } from "callboard/caption_lines";

/** @typedef {import("callboard/caption_lines").Line} Line */

const MOVE = { duration: 250, easing: "ease-out" }; // ms; words that come faster than that are followed all the same
const MOST_MEASURED = 5000; // texts; a call's words of many minutes
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class CaptionsStage {
  most = 3; // lines
  /** @type {Map<string, HTMLElement>} */ #nodes = new Map();
  /** @type {Map<string, number>} */ #widths = new Map();
  #isDrawing = false;
  /** @type {Animation|undefined} */ #move;

  /** @param {HTMLElement} root holds the lines and the pattern of one @param {Record<string, string>} names by speaker */
  constructor(root, names) {
    this.place = /** @type {HTMLElement} */ (root.querySelector('[data-part="lines"]'));
    this.pattern = /** @type {HTMLTemplateElement} */ (root.querySelector('[data-part="line"]'));
    this.names = names;
    this.ruler = this.#newLine();
    this.ruler.classList.add("is-ruler");
    root.append(this.ruler);
    this.lines = new CaptionLines((text) => this.#widthOf(text) <= this.width);
    this.size = this.width = 0; // px
    new ResizeObserver(() => this.measure()).observe(this.ruler); // as long as a line, and as high as its letters
  }

  /** px */
  get letterSize() {
    return parseFloat(getComputedStyle(this.ruler).fontSize);
  }

  /** Lay out anew where the room or the letters have another size than before. */
  measure() {
    const size = this.letterSize;
    const width = this.ruler.clientWidth - parseFloat(getComputedStyle(this.ruler).paddingInlineStart);
    if (size === this.size && width === this.width) return;
    [this.size, this.width] = [size, width];
    this.#widths.clear();
    this.lines.layAgain();
    this.#move?.cancel();
    this.#draw(false);
  }

  /** @param {import("callboard/segments").Change} change */
  apply(change) {
    this.lines.apply(change);
    this.draw();
  }

  clear() {
    this.lines.clear();
    this.draw();
  }

  /** @param {number} most lines */
  show(most) {
    this.most = most;
    this.draw();
  }

  /** At most once a frame. */
  draw() {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    const draw = () => this.#draw(!calm.matches);
    if (document.hidden) queueMicrotask(draw); // no frames in a hidden page
    else requestAnimationFrame(draw);
  }

  /** @param {boolean} isMoving */
  #draw(isMoving) {
    this.#isDrawing = false;
    const lines = this.lines.last(this.most + 1); // one that has just left the screen, to be seen leaving
    const stays = isMoving ? lines.findLast(({ id }) => this.#nodes.has(id)) : undefined;
    const from = stays && this.#top(stays);
    const nodes = lines.map((line, at) => {
      const isPast = at < lines.length - this.most;
      const isNamed = !isPast && (at === 0 || at === lines.length - this.most || lines[at - 1].speaker !== line.speaker);
      return this.#fill(this.#nodes.get(line.id) ?? this.#newLine(), line, isPast, isNamed);
    });
    this.#nodes = new Map(lines.map(({ id }, at) => [id, nodes[at]]));
    nodes.forEach((node, at) => {
      if (this.place.children[at] !== node) this.place.insertBefore(node, this.place.children[at] ?? null);
    });
    while (this.place.children.length > nodes.length) this.place.lastElementChild?.remove();
    if (stays && from !== undefined) this.#moveFrom(from, stays);
  }

  /** @param {number} from px @param {Line} stays */
  #moveFrom(from, stays) {
    this.#move?.cancel();
    const by = from - this.#top(stays);
    if (Math.abs(by) > 1) this.#move = this.place.animate({ translate: [`0 ${by}px`, "0 0"] }, MOVE);
  }

  /** @param {Line} line */
  #top({ id }) {
    return this.#nodes.get(id)?.getElementsByClassName("captions-words")[0].getBoundingClientRect().top ?? 0;
  }

  /** @param {HTMLElement} node @param {Line} line @param {boolean} isPast @param {boolean} isNamed */
  #fill(node, { speaker, language, direction, words }, isPast, isNamed) {
    node.dataset.speaker = speaker;
    node.dir = direction;
    node.lang = language ?? "";
    if (!language) node.removeAttribute("lang");
    node.classList.toggle("is-past", isPast);
    node.classList.toggle("is-blank", !words.length);
    const [by, place] = /** @type {HTMLElement[]} */ ([...node.children]);
    by.textContent = this.names[speaker] ?? speaker;
    if (!isPast) by.hidden = !isNamed; // what leaves is seen leaving as it was
    const runs = runsOf(words);
    while (place.children.length > runs.length) place.lastElementChild?.remove();
    runs.forEach(({ text, isInterim }, at) => {
      const run = place.children[at] ?? place.appendChild(document.createElement("span"));
      run.className = isInterim ? "captions-run is-interim" : "captions-run";
      showWords(run, text);
    });
    return node;
  }

  #newLine() {
    const copy = /** @type {DocumentFragment} */ (this.pattern.content.cloneNode(true));
    return /** @type {HTMLElement} */ (copy.firstElementChild);
  }

  /** px, as it would be on the screen. @param {string} text */
  #widthOf(text) {
    let width = this.#widths.get(text);
    if (width !== undefined) return width;
    const [words] = this.ruler.getElementsByClassName("captions-words");
    showWords(words, text);
    width = words.getBoundingClientRect().width;
    if (this.#widths.size >= MOST_MEASURED) this.#widths.clear();
    this.#widths.set(text, width);
    return width;
  }
}

/** Neighbours of the same segment together. @param {import("callboard/caption_words").Word[]} words */
function runsOf(words) {
  /** @type {{segment: string, text: string, isInterim: boolean}[]} */ const runs = [];
  for (const { segment, text, isSpaced, isInterim } of words) {
    const last = runs.at(-1);
    const spaced = last && isSpaced ? ` ${text}` : text;
    if (last?.segment === segment) last.text += spaced;
    else runs.push({ segment, text: spaced, isInterim });
  }
  return runs;
}

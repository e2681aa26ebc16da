// @ts-check
/** What was said, for those who hear or feel it: each final once and whole, as it was stored; interims never. */
import { showWords } from "callboard/chips";

const MOST = 50; // segments to go back to
const SETTLED_MS = 200; // browsers tell screen readers of a change some frames later, as live as the log is by then

export class CaptionsLog {
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #listening;

  /** @param {HTMLElement} root the role=log, which until now was all that there is to see
   * @param {Record<string, string>} names by speaker */
  constructor(root, names) {
    this.root = root;
    this.place = /** @type {HTMLElement} */ (root.querySelector("ol"));
    this.pattern = /** @type {HTMLTemplateElement} */ (root.querySelector("template"));
    this.names = names;
    root.className = "visually-hidden";
  }

  get nodes() {
    return /** @type {HTMLElement[]} */ ([...this.place.children]);
  }

  /** @param {import("callboard/segments").Change} change */
  apply({ kind, segment: { id, data, seq } }) {
    if (seq === Infinity) return;
    const known = this.nodes.find(({ dataset }) => dataset.segmentId === id);
    if (kind === "removed") return known?.remove();
    const node = known ?? this.#newNode();
    node.dataset.segmentId = id;
    const [by, words] = /** @type {HTMLElement[]} */ ([...node.children]);
    by.textContent = this.names[data.speaker] ?? data.speaker;
    if (data.language) words.lang = data.language;
    showWords(words, data.content);
    if (!known) this.place.append(node);
    if (this.place.children.length > MOST) this.place.firstElementChild?.remove();
  }

  /** History is on its way: be quiet until `listen`. */
  hush() {
    clearTimeout(this.#listening);
    this.root.setAttribute("aria-live", "off");
  }

  listen() {
    this.#listening = setTimeout(() => this.root.setAttribute("aria-live", "polite"), SETTLED_MS);
  }

  clear() {
    this.place.replaceChildren();
  }

  #newNode() {
    const copy = /** @type {DocumentFragment} */ (this.pattern.content.cloneNode(true));
    return /** @type {HTMLElement} */ (copy.firstElementChild);
  }
}

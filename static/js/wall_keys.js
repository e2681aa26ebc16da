// @ts-check
/** The keys of the list. Each has a control that can be seen, too; single letters can be switched off. */
import { lasting } from "callboard/wall_memory";

/** @typedef {"next"|"previous"|"right"|"left"|"filter"|"help"|"leave"|"enter-list"|"close"|null} Meaning */

const LETTERS = /** @type {Record<string, Meaning>} */ ({ j: "next", k: "previous", "/": "filter", "?": "help" });
const ARROWS = /** @type {Record<string, Meaning>} */ ({ ArrowDown: "next", ArrowUp: "previous", ArrowRight: "right", ArrowLeft: "left" });

/** What a key means where it was pressed.
 * @param {{key: string, hasModifier: boolean, where: "list"|"filter"|"field"|"elsewhere", hasLetters: boolean}} press @returns {Meaning} */
export function meaning({ key, hasModifier, where, hasLetters }) {
  if (hasModifier || where === "field") return null;
  if (where === "filter") return key === "Escape" ? "leave" : key === "ArrowDown" ? "enter-list" : null;
  if (key === "Escape") return "close";
  if (where === "list" && ARROWS[key]) return ARROWS[key];
  return (hasLetters && LETTERS[key]) || null;
}

export class WallKeys {
  hasLetters = lasting.get("letters", true);

  /** @param {import("callboard/wall_list").WallList} list @param {HTMLInputElement} text the filter
   * @param {HTMLDialogElement} dialog @param {HTMLElement} button that opens it @param {() => void} close what is open */
  constructor(list, text, dialog, button, close) {
    this.close = close;
    this.list = list;
    this.text = text;
    this.dialog = dialog;
    const letters = /** @type {HTMLInputElement} */ (dialog.querySelector('[data-part="letters"]'));
    letters.checked = this.hasLetters;
    letters.addEventListener("change", () => lasting.set("letters", (this.hasLetters = letters.checked)));
    button.addEventListener("click", () => dialog.showModal());
    document.addEventListener("keydown", (event) => this.#pressed(event));
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const { key, ctrlKey, altKey, metaKey } = event;
    const means = meaning({ key, hasModifier: ctrlKey || altKey || metaKey, where: this.#where(event), hasLetters: this.hasLetters });
    if (!means) return;
    event.preventDefault();
    this.#do(means, key.startsWith("Arrow"));
  }

  /** @param {Meaning} means @param {boolean} isArrow arrows go by what is seen, letters one by one */
  #do(means, isArrow) {
    if (means === "next") this.list.step(isArrow ? this.list.columns : 1);
    else if (means === "previous") this.list.step(isArrow ? -this.list.columns : -1);
    else if (means === "right" || means === "enter-list") this.list.step(1);
    else if (means === "left") this.list.step(-1);
    else if (means === "filter") this.#find();
    else if (means === "leave") this.text.blur();
    else if (means === "close") this.close();
    else if (means === "help") this.dialog.showModal();
  }

  #find() {
    this.text.focus();
    this.text.select();
  }

  /** @param {KeyboardEvent} event */
  #where({ target }) {
    if (target === this.text) return "filter";
    if (!(target instanceof Element)) return "elsewhere";
    if (target.closest("input:not([type=radio], [type=checkbox]), select, textarea, [contenteditable]")) return "field";
    return this.list.table.contains(target) ? "list" : "elsewhere";
  }
}

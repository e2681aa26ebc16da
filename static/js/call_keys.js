// @ts-check
/** The keys of a call's page: each presses a button that can be seen. call_keys.html tells of them. */
import { lasting } from "callboard/wall_memory";

/** A key and the controls that it may press, of which the first that is there counts. @type {Record<string, string[]>} */
const LETTERS = {
  f: ['[data-step="follow"]'],
  "/": ['[data-step="find"]'],
  n: ['[data-step="next-alert"]'],
  p: ['[data-step="previous-alert"]'],
  m: ['[data-step="mark"]'],
  j: ['[data-step="next-segment"]'],
  k: ['[data-step="previous-segment"]'],
  "?": ['[data-step="help"]'],
};
/** @type {Record<string, string[]>} */
const KEYS = {
  End: ['[data-part="jump"]'],
  Escape: ['[data-step="find-close"]', ".export[open] > summary", '.masthead-nav a[href="/"]'],
};
/** @type {Record<string, string[]>} */
const ARROWS = { ArrowDown: LETTERS.j, ArrowUp: LETTERS.k };

/** What a key presses where it was pressed.
 * @param {{key: string, hasModifier: boolean, where: "field"|"segment"|"elsewhere", hasLetters: boolean}} press @returns {string[]} */
export function pressed({ key, hasModifier, where, hasLetters }) {
  if (hasModifier || where === "field") return [];
  const table = { ...KEYS, ...(hasLetters ? LETTERS : {}), ...(where === "segment" ? ARROWS : {}) };
  return Object.hasOwn(table, key) ? table[key] : [];
}

/** The one listener of the page. @param {HTMLDialogElement} dialog with the keys @param {HTMLElement} button that opens it */
export function listenToKeys(dialog, button) {
  const letters = /** @type {HTMLInputElement} */ (dialog.querySelector('[data-part="letters"]'));
  letters.checked = lasting.get("letters", true);
  letters.addEventListener("change", () => lasting.set("letters", letters.checked));
  button.addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", (event) => {
    const { key, ctrlKey, altKey, metaKey } = event;
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const hasModifier = ctrlKey || altKey || metaKey;
    const selectors = pressed({ key, hasModifier, where: where(event.target), hasLetters: lasting.get("letters", true) });
    const control = selectors.flatMap((selector) => [...document.querySelectorAll(selector)]).find(canBePressed);
    if (!control) return;
    event.preventDefault();
    /** @type {HTMLElement} */ (control).click();
  });
}

/** @param {Element} control */
const canBePressed = (control) => !control.matches(":disabled") && !control.closest("[hidden]");

/** @param {EventTarget|null} target */
function where(target) {
  if (!(target instanceof Element)) return "elsewhere";
  if (target.closest("input:not([type=radio], [type=checkbox]), select, textarea, [contenteditable]")) return "field";
  return target.matches(".segment") ? "segment" : "elsewhere";
}

// @ts-check
/** The line of filters, order and view: what is chosen there, in the page's address, and remembered. */
import { DEFAULTS, filterCount, readChoices, writeChoices } from "callboard/wall_filters";
import { lasting, passing } from "callboard/wall_memory";
import { share } from "callboard/wall_words";

/** @typedef {import("callboard/wall_filters").Choices} Choices */

const NONE = { assistant: "", direction: "", over: 0, text: "" };

export class WallControls {
  /** @param {HTMLFormElement} form @param {() => void} onChange */
  constructor(form, onChange) {
    this.form = form;
    this.onChange = onChange;
    this.choices = remembered();
    this.text = /** @type {HTMLInputElement} */ (form.elements.namedItem("text"));
    this.assistants = /** @type {HTMLSelectElement} */ (form.elements.namedItem("assistant"));
    /** @type {HTMLFieldSetElement} */ (form.querySelector("fieldset")).disabled = false;
    this.#show();
    form.addEventListener("input", () => this.#chose(this.#read()));
    form.addEventListener("submit", (event) => event.preventDefault());
    const more = this.#part("more");
    more.addEventListener("click", () => more.setAttribute("aria-expanded", String(form.classList.toggle("is-open"))));
    for (const clear of document.querySelectorAll('[data-part="clear"]')) clear.addEventListener("click", () => this.clear());
  }

  clear() {
    this.#chose({ ...this.choices, ...NONE });
    this.text.focus();
  }

  /** @param {number} shown @param {number} all */
  count(shown, all) {
    const isFiltered = filterCount(this.choices) > 0;
    const [line, words] = [this.#part("filtered"), this.#part("share")];
    if (line.hidden === isFiltered) line.hidden = !isFiltered;
    if (isFiltered && words.textContent !== share(shown, all)) words.textContent = share(shown, all);
  }

  /** Offer those that have calls, and the one that is chosen. @param {Set<string>} names */
  offer(names) {
    const { assistant } = this.choices;
    const wanted = [...new Set([...names, ...(assistant ? [assistant] : [])])].sort((a, b) => a.localeCompare(b));
    const offered = [...this.assistants.options].slice(1).map(({ value }) => value);
    if (wanted.join("\n") === offered.join("\n")) return;
    this.assistants.replaceChildren(this.assistants.options[0], ...wanted.map((name) => new Option(name)));
    this.assistants.value = assistant;
  }

  #read() {
    const { text, assistant, direction, over, order, view } = Object.fromEntries(new FormData(this.form));
    return /** @type {Choices} */ ({ text, assistant, direction, over: Number(over), order, view });
  }

  /** @param {Choices} choices */
  #chose(choices) {
    this.choices = choices;
    const { order, view, ...filters } = choices;
    lasting.set("look", { order, view });
    passing.set("filters", filters);
    this.#show();
    this.onChange();
  }

  #show() {
    const { choices } = this;
    this.offer(new Set([...this.assistants.options].slice(1).map(({ value }) => value)));
    for (const [name, value] of Object.entries(choices)) {
      const control = /** @type {any} */ (this.form.elements.namedItem(name));
      if (control.value !== String(value)) control.value = String(value);
      if (control instanceof HTMLSelectElement) control.classList.toggle("is-set", value !== /** @type {any} */ (DEFAULTS)[name]);
    }
    const filters = filterCount({ ...choices, text: "" });
    this.#part("filter-count").textContent = filters ? ` · ${filters}` : "";
    history.replaceState(history.state, "", location.pathname + writeChoices(choices) + location.hash);
  }

  /** @param {string} name */
  #part(name) {
    return /** @type {HTMLElement} */ (this.form.querySelector(`[data-part="${name}"]`));
  }
}

/** The address counts, where it says anything; then what was chosen in this tab, and how this browser likes it. */
function remembered() {
  const look = { ...DEFAULTS, ...lasting.get("look", {}) };
  const query = new URLSearchParams(location.search);
  return readChoices(query, query.size ? look : { ...look, ...passing.get("filters", {}) });
}

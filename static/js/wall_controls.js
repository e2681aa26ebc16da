// @ts-check
/** The line of filters, order and view: what is chosen there, in the page's address, and remembered. */
import { DEFAULTS, filterCount, readChoices, writeChoices } from "callboard/wall_filters";
import { besideOf, withBeside } from "callboard/wall_beside";
import { lasting, passing } from "callboard/wall_memory";
import { share } from "callboard/wall_words";

/** @typedef {import("callboard/wall_filters").Choices} Choices */

const NONE = { assistant: "", direction: "", over: 0, alerts: "", text: "" };

export class WallControls {
  /** @param {HTMLFormElement} form @param {() => void} onChange */
  constructor(form, onChange) {
    this.form = form;
    this.onChange = onChange;
    this.choices = remembered();
    this.text = /** @type {HTMLInputElement} */ (form.elements.namedItem("text"));
    this.assistants = /** @type {HTMLSelectElement} */ (form.elements.namedItem("assistant"));
    this.alerts = /** @type {HTMLSelectElement} */ (form.elements.namedItem("alerts"));
    this.fixed = new Map([this.assistants, this.alerts].map((select) => [select, [...select.options]]));
    /** @type {HTMLFieldSetElement} */ (form.querySelector("fieldset")).disabled = false;
    this.show();
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

  /** Offer what calls have, and what is chosen. @param {Iterable<string>} assistants @param {Iterable<string>} rules */
  offer(assistants, rules) {
    this.#fill(this.assistants, assistants, this.choices.assistant);
    this.#fill(this.alerts, rules, this.choices.alerts);
  }

  /** @param {HTMLSelectElement} select @param {Iterable<string>} names @param {string} chosen */
  #fill(select, names, chosen) {
    const fixed = this.fixed.get(select) ?? [];
    const isFixed = fixed.some(({ value }) => value === chosen);
    const wanted = [...new Set([...names, ...(isFixed ? [] : [chosen])])].sort((a, b) => a.localeCompare(b));
    const offered = [...select.options].slice(fixed.length).map(({ value }) => value);
    if (wanted.join("\n") === offered.join("\n")) return;
    select.replaceChildren(...fixed, ...wanted.map((name) => new Option(name)));
    select.value = chosen;
  }

  #read() {
    const { over, ...others } = Object.fromEntries(new FormData(this.form));
    return /** @type {Choices} */ ({ ...others, over: Number(over) });
  }

  /** @param {Choices} choices */
  #chose(choices) {
    this.choices = choices;
    const { order, view, ...filters } = choices;
    lasting.set("look", { order, view });
    passing.set("filters", filters);
    this.show();
    this.onChange();
  }

  /** What is chosen, in the controls and the address. */
  show() {
    const { choices } = this;
    this.offer(namesIn(this.assistants), namesIn(this.alerts));
    for (const [name, value] of Object.entries(choices)) {
      const control = /** @type {any} */ (this.form.elements.namedItem(name));
      if (control.value !== String(value)) control.value = String(value);
      if (control instanceof HTMLSelectElement) control.classList.toggle("is-set", value !== /** @type {any} */ (DEFAULTS)[name]);
    }
    const filters = filterCount({ ...choices, text: "" });
    this.#part("filter-count").textContent = filters ? ` · ${filters}` : "";
    const query = withBeside(writeChoices(choices), besideOf(location.search));
    history.replaceState(history.state, "", location.pathname + query + location.hash);
  }

  /** @param {string} name */
  #part(name) {
    return /** @type {HTMLElement} */ (this.form.querySelector(`[data-part="${name}"]`));
  }
}

/** @param {HTMLSelectElement} select */
function namesIn(select) {
  return [...select.options].filter((option) => !option.hasAttribute("value")).map(({ value }) => value);
}

/** The address counts, where it says anything; then what was chosen in this tab, and how this browser likes it. */
function remembered() {
  const look = { ...DEFAULTS, ...lasting.get("look", {}) };
  const query = new URLSearchParams(withBeside(location.search, null));
  return readChoices(query, query.size ? look : { ...look, ...passing.get("filters", {}) });
}

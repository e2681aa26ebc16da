// @ts-check
/** The history: times become the reader's, and `/` leads to the search. All else works without scripts. */
import { localiseDates } from "callboard/local_dates";
import { localiseTimes } from "callboard/local_times";
import { lasting } from "callboard/wall_memory";

const search = /** @type {HTMLInputElement} */ (document.querySelector("#field-q"));

document.addEventListener("keydown", (event) => {
  const { key, ctrlKey, altKey, metaKey, target, defaultPrevented, isComposing } = event;
  const isField = target instanceof Element && target.closest("input, select, textarea, [contenteditable]");
  if (key !== "/" || defaultPrevented || isComposing || ctrlKey || altKey || metaKey || isField) return;
  if (!lasting.get("letters", true)) return;
  event.preventDefault();
  search.focus();
  search.select();
});

localiseDates(document);
localiseTimes(document);

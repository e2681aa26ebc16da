// @ts-check
/** What the pages for developers do for comfort: they work without. */
import { enableCopyButtons } from "callboard/copy_button";

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll(".code > button"))) {
  button.dataset.copy = button.previousElementSibling?.textContent ?? "";
}
enableCopyButtons(document);

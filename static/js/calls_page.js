// @ts-check
/** The list of live calls: durations tick. */
import { enableCopyButtons } from "callboard/copy_button";
import { clockSince, tick } from "callboard/ticking";

enableCopyButtons(document);
const list = document.querySelector("[data-rendered-at]");
if (list instanceof HTMLElement) tick(list, clockSince(list.dataset.renderedAt ?? ""));

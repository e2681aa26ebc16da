// @ts-check
/** The list of live calls: durations tick. */
import { enableCopyButtons } from "callboard/copy_button";
import { localiseTimes } from "callboard/local_times";
import { clockSince, tick } from "callboard/ticking";

enableCopyButtons(document);
localiseTimes(document);
const list = document.querySelector("[data-rendered-at]");
if (list instanceof HTMLElement) tick(list, clockSince(list.dataset.renderedAt ?? ""));

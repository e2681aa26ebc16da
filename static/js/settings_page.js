// @ts-check
/** What every settings page does for comfort: it works without. */
import { enableCopyButtons } from "callboard/copy_button";
import { localiseDates } from "callboard/local_dates";
import { localiseTimes } from "callboard/local_times";

enableCopyButtons(document);
localiseDates(document);
localiseTimes(document);

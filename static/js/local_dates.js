// @ts-check
/** `<time data-date datetime="…">`: the server's day becomes the reader's, with the time as its title. */

const short = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/** @param {ParentNode} root */
export function localiseDates(root) {
  for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (root.querySelectorAll("time[data-date]"))) {
    const at = new Date(time.dateTime);
    time.textContent = short.format(at);
    time.title = full.format(at);
  }
}

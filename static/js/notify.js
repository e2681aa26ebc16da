// @ts-check
/**
 * Alerts told outside of the page, to whoever asked for it: on the desktop, and counted in the title while the page is
 * hidden. A lock screen may show them to anybody, so they hold the rules' names and the callers, never what was said.
 *
 * @typedef {{rules: string[], caller: string, call_sid: string}} Raised what one call set off
 * @typedef {{isOn: boolean, mutedUntil: number}} Wish `mutedUntil`: ms since 1970, by the reader's clock
 */
import { counted } from "callboard/format";
import { lasting } from "callboard/wall_memory";

export const MUTED_MS = 3_600_000;
const TOGETHER_MS = 1_000; // what comes together is told together: ten calls may use the same word at once
const NAMED = 3; // callers

/** What a notification says. @param {Raised[]} raised at least one @returns {{title: string, body: string}} */
export function inWords(raised) {
  const rules = [...new Set(raised.flatMap(({ rules }) => rules))].join(", ");
  const callers = [...new Map(raised.map(({ call_sid, caller }) => [call_sid, caller])).values()];
  if (callers.length === 1) return { title: rules, body: callers[0] };
  const more = callers.length - NAMED;
  const body = callers.slice(0, NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
  return { title: `${counted(callers.length, "call")}: ${rules}`, body };
}

/** Whether it is to be told now. @param {Wish} wish @param {number} now */
export function isWanted({ isOn, mutedUntil }, now) {
  return isOn && now >= mutedUntil;
}

export class Notifier {
  /** Not yet told. @type {Raised[]} */ #raised = [];
  #unseen = 0;
  #badge = "";
  /** @type {Wish} */ #wish;

  /** @param {HTMLElement} root holds the buttons `[data-notify=switch|mute]` and words `[data-part=notify-words]`
   * @param {(callSid: string) => void} onChosen a notification was clicked */
  constructor(root, onChosen = () => {}) {
    this.root = root;
    this.onChosen = onChosen;
    this.#wish = { isOn: false, mutedUntil: 0, ...lasting.get("notify", {}) };
    if (window !== window.top) return void (root.hidden = true); // the page around it tells already
    this.#button("switch").addEventListener("click", () => this.#switch());
    this.#button("mute").addEventListener("click", () => this.#mute());
    document.addEventListener("visibilitychange", () => this.#seen());
    addEventListener("storage", () => this.#remember()); // switched in another tab
    this.#show();
  }

  /** @param {Raised[]} raised */
  tell(raised) {
    if (!raised.length || !isWanted(this.#wish, Date.now()) || window !== window.top) return;
    if (document.hidden) this.#count(this.#unseen + raised.reduce((sum, { rules }) => sum + rules.length, 0));
    if (this.#raised.push(...raised) === raised.length) setTimeout(() => this.#notify(), TOGETHER_MS);
  }

  /** The title, with what was not seen in front of it: for whoever writes the title. @param {string} title */
  titled(title) {
    return this.#badge + title;
  }

  #notify() {
    const raised = this.#raised;
    this.#raised = [];
    if (!canNotify() || (document.hasFocus() && !document.hidden)) return; // who looks at the page sees it there
    const { title, body } = inWords(raised);
    const tag = `callboard ${raised.map(({ call_sid }) => call_sid).join(" ")}`; // one for all tabs
    const shown = new Notification(title, { body, tag, icon: document.querySelector("link[rel=icon]")?.getAttribute("href") ?? undefined });
    shown.onclick = () => {
      window.focus();
      shown.close();
      this.onChosen(raised[0].call_sid);
    };
  }

  /** The browser asks its own question, once, and only after this click. */
  async #switch() {
    const isOn = !isWanted(this.#wish, Date.now());
    if (isOn && "Notification" in window && Notification.permission === "default") await Notification.requestPermission();
    this.#choose({ isOn, mutedUntil: 0 });
  }

  #mute() {
    this.#choose({ isOn: true, mutedUntil: Date.now() + MUTED_MS });
  }

  /** @param {Wish} wish */
  #choose(wish) {
    this.#wish = wish;
    lasting.set("notify", wish);
    this.#show();
  }

  #remember() {
    this.#wish = { ...this.#wish, ...lasting.get("notify", {}) };
    this.#show();
  }

  #seen() {
    if (!document.hidden) this.#count(0);
  }

  /** @param {number} unseen */
  #count(unseen) {
    if (unseen === this.#unseen) return;
    const title = document.title.slice(this.#badge.length);
    this.#unseen = unseen;
    this.#badge = unseen ? `(${counted(unseen, "alert")}) ` : "";
    document.title = this.titled(title);
  }

  #show() {
    const { isOn, mutedUntil } = this.#wish;
    const isTold = isWanted(this.#wish, Date.now());
    if (!isTold) this.#count(0);
    this.#button("switch").setAttribute("aria-pressed", String(isTold));
    this.#button("mute").hidden = !isTold;
    const words = /** @type {HTMLElement} */ (this.root.querySelector('[data-part="notify-words"]'));
    const until = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" }).format(mutedUntil);
    if (isOn && !isTold) words.textContent = `Muted until ${until}`;
    else words.textContent = isTold && !canNotify() ? "In the title only: this browser shows no notifications of this site" : "";
    clearTimeout(this.unmuting);
    if (isOn && !isTold) this.unmuting = setTimeout(() => this.#show(), mutedUntil - Date.now() + 1);
  }

  /** @param {"switch"|"mute"} name */
  #button(name) {
    return /** @type {HTMLButtonElement} */ (this.root.querySelector(`[data-notify="${name}"]`));
  }
}

/** Browsers have them for `https` and this very machine only, and only where they were allowed. */
function canNotify() {
  return "Notification" in window && Notification.permission === "granted";
}

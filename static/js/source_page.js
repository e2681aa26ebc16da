// @ts-check
/** The page of a source: asks every two seconds how it fares, and counts the seconds in between. */
import "callboard/settings_page";
import { localiseTimes } from "callboard/local_times";
import { inWords } from "callboard/source_health";
import { clockSince } from "callboard/ticking";

/** @typedef {import("callboard/source_health").Health} Health */

const ASK_MS = 2000;
const TICK_MS = 1000;

/** @param {string} name @returns {HTMLElement} */
const part = (name) => /** @type {HTMLElement} */ (document.querySelector(`[data-part="${name}"]`));

class SourcePage {
  place = part("health");
  now = clockSince(this.place.dataset.now ?? "");
  /** @type {Health|null} */ health = null;
  state = this.place.dataset.state;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ timer;

  constructor() {
    setInterval(() => this.tick(), TICK_MS);
    document.addEventListener("visibilitychange", () => this.ask());
    this.ask();
  }

  async ask() {
    clearTimeout(this.timer);
    if (document.hidden) return; // asked again as soon as someone looks
    try {
      const response = await fetch(this.place.dataset.url ?? "", { headers: { Accept: "application/json" } });
      if (response.status === 401) return this.say("Signed out: reload to go on");
      if (response.status === 404) return this.say("This source was deleted");
      if (response.ok) this.show(await response.json());
    } catch {
      this.say("The server does not answer; asking again");
      this.health = null;
    }
    clearTimeout(this.timer); // of another question, asked meanwhile
    this.timer = setTimeout(() => this.ask(), ASK_MS);
  }

  /** @param {Health} health */
  show(health) {
    const hasNews = health.rejections[0]?.at !== this.health?.rejections[0]?.at;
    this.now = clockSince(health.now);
    this.health = health;
    part("fares").dataset.state = health.state;
    this.tick();
    if (hasNews) this.showRefusals(health);
    if (health.state === this.state) return;
    this.state = health.state;
    part("announced").textContent = inWords(health, this.now()); // the change is news; that time goes on is not
  }

  tick() {
    if (this.health) this.say(inWords(this.health, this.now()));
  }

  /** @param {string} words */
  say(words) {
    if (part("fares-words").textContent !== words) part("fares-words").textContent = words;
  }

  /** @param {Health} health */
  showRefusals({ rejections }) {
    const pattern = /** @type {HTMLTemplateElement} */ (part("refusal"));
    const items = rejections.map(({ at, reason }) => {
      const item = /** @type {DocumentFragment} */ (pattern.content.cloneNode(true));
      /** @type {HTMLTimeElement} */ (item.querySelector("time")).dateTime = at;
      /** @type {HTMLElement} */ (item.querySelector("span")).textContent = reason;
      return item;
    });
    part("refusals").replaceChildren(...items);
    part("none-refused").hidden = items.length > 0;
    localiseTimes(part("refusals"));
  }
}

localiseTimes(document);
new SourcePage();

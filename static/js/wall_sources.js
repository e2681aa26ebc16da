// @ts-check
/** Which sources are in trouble, and which calls wait for them: asked for now and then, and said above the list. */
import { ago } from "callboard/source_health";

/** @typedef {{id: number, name: string, assistant: string, state: "refusing"|"paused"|"silent", since: string, calls: string[]}} Trouble */

const EVERY_MS = 15_000;

/** `Twilio for Front desk sent nothing for 2 min`; templates/calls_sources.html has the same.
 * @param {Trouble} trouble @param {number} now the server's time, ms */
export function troubleInWords({ name, assistant, state, since }, now) {
  const source = `${name} for ${assistant}`;
  const time = ago((now - Date.parse(since)) / 1000);
  if (state === "paused") return `${source} is paused: what it sends is refused`;
  if (state === "refusing") return `What ${source} sends is refused, last ${time}`;
  return `${source} is silent: the last event came ${time}`;
}

export class WallSources {
  /** By call id. @type {Map<string, string>} */ states = new Map();

  /** @param {HTMLElement} list of lines, each the pattern's @param {HTMLTemplateElement} pattern @param {() => void} onChange */
  constructor(list, pattern, onChange) {
    this.list = list;
    this.pattern = /** @type {HTMLElement} */ (pattern.content.firstElementChild);
    this.onChange = onChange;
    setInterval(() => this.ask(), EVERY_MS);
    document.addEventListener("visibilitychange", () => this.ask());
    this.ask();
  }

  /** A page that nobody sees asks for nothing. What can't be asked for stays as it was: the connection says why. */
  async ask() {
    if (document.hidden) return;
    const response = await fetch("/live-calls/health", { credentials: "same-origin" }).catch(() => null);
    if (!response?.ok) return;
    const { now, sources } = await response.json();
    this.#show(sources, Date.parse(now));
  }

  /** @param {Trouble[]} sources @param {number} now */
  #show(sources, now) {
    this.states = new Map(sources.flatMap(({ state, calls }) => calls.map((sid) => [sid, state])));
    while (this.list.children.length > sources.length) this.list.lastElementChild?.remove();
    while (this.list.children.length < sources.length) this.list.append(this.pattern.cloneNode(true));
    sources.forEach((trouble, at) => {
      const line = this.list.children[at];
      const words = /** @type {HTMLElement} */ (line.querySelector('[data-part="words"]'));
      words.textContent = troubleInWords(trouble, now);
      line.querySelector("a")?.setAttribute("href", `/settings/sources/${trouble.id}`);
    });
    this.list.hidden = !sources.length;
    this.onChange();
  }
}

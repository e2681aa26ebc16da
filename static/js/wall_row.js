// @ts-check
/** One call on the screen: the node that the server rendered, or a copy of its pattern, filled with text only. */
import { showWords } from "callboard/chips";
import { duration } from "callboard/format";
import { alertNames, isNew, isOver, quietMs, QUIET_MS } from "callboard/wall";
import { alertsInWords, endingInWords, quietFor, SPEAKERS } from "callboard/wall_words";

/** @typedef {import("callboard/wall").Call} Call */

export class RowNode {
  /** @type {Map<string, HTMLElement>} */ #parts = new Map();

  /** @param {HTMLElement} node */
  constructor(node) {
    this.node = node;
    for (const part of /** @type {NodeListOf<HTMLElement>} */ (node.querySelectorAll("[data-part]"))) {
      this.#parts.set(part.dataset.part ?? "", part);
    }
  }

  get link() {
    return this.#part("caller");
  }

  /** All of it. @param {Call} call @param {number} now @param {string} [source] how its source fares, if badly */
  fill(call, now, source) {
    const { metadata, segments, viewers } = call;
    if (this.node.dataset.callSid !== call.call_sid) this.#name(call.call_sid);
    this.node.classList.toggle("is-over", isOver(call));
    this.node.classList.toggle("is-unwatched", viewers === 0);
    this.#write("caller", metadata.customer_phone_number ?? "Unknown number");
    this.#write("assistant", metadata.assistant_name ?? "");
    this.#write("direction", metadata.call_type ?? "unknown");
    this.#write("segments", String(segments));
    this.#write("segments-unit", segments === 1 ? " segment" : " segments");
    this.#write("viewers", String(viewers));
    this.#write("viewers-unit", viewers === 1 ? " viewer" : " viewers");
    this.#fillWords(call);
    this.#fillDuration(call);
    this.#tag("alerts", alertsInWords(alertNames(call)));
    this.#set("alerts", "title", alertNames(call).join(", "));
    this.#tag("ending", isOver(call) ? endingInWords(call) : "");
    this.age(call, now, source);
  }

  /** What time alone changes, and its source. @param {Call} call @param {number} now @param {string} [source] how that fares */
  age(call, now, source = "") {
    const quiet = quietMs(call, now);
    this.#tag("source", source && !isOver(call) ? `source ${source}` : "");
    this.#tag("quiet", quiet >= QUIET_MS && source !== "silent" ? quietFor(quiet) : "");
    this.#tag("new", isNew(call, now) ? "New" : "");
    this.node.classList.toggle("is-new", isNew(call, now));
  }

  /** It is open beside the list. @param {boolean} isOpen */
  mark(isOpen) {
    this.node.classList.toggle("is-open", isOpen);
    if (isOpen) this.link.setAttribute("aria-current", "true");
    else this.link.removeAttribute("aria-current");
  }

  /** It is over, and stays for the moment only because someone reads the list. */
  retire() {
    this.node.classList.add("is-over");
    this.#part("duration").removeAttribute("data-ticking");
    for (const name of ["source", "quiet", "new"]) this.#tag(name, "");
  }

  /** @param {Call} call */
  #fillWords({ last }) {
    const said = this.#part("said");
    said.classList.toggle("is-interim", last !== null && !last.is_final);
    said.classList.toggle("is-silent", last === null);
    if (last) this.#set("said", "data-speaker", last.speaker);
    const words = this.#part("words");
    this.#set("words", "lang", last?.language ?? "");
    this.#write("speaker", last ? (SPEAKERS[last.speaker] ?? last.speaker) : "");
    showWords(words, last?.content ?? "No words yet", { isWhole: true });
  }

  /** @param {Call} call */
  #fillDuration(call) {
    const time = /** @type {HTMLTimeElement} */ (this.#part("duration"));
    const isTicking = !isOver(call) && call.startedAt !== null;
    time.toggleAttribute("data-ticking", isTicking);
    if (isTicking) this.#set("duration", "datetime", call.metadata.started_at ?? "");
    const seconds = call.metadata.duration;
    if (!isTicking || !time.textContent) this.#write("duration", seconds === null ? "–:––" : duration(seconds));
  }

  /** @param {string} sid */
  #name(sid) {
    this.node.dataset.callSid = sid;
    this.link.setAttribute("href", `/calls/${encodeURIComponent(sid)}`);
  }

  /** Nothing is written that is so already: it would be laid out anew. @param {string} name @param {string} attribute
   * @param {string} value none: removed */
  #set(name, attribute, value) {
    const part = this.#part(name);
    if ((part.getAttribute(attribute) ?? "") === value) return;
    if (value) part.setAttribute(attribute, value);
    else part.removeAttribute(attribute);
  }

  /** @param {string} name @param {string} text none: hidden */
  #tag(name, text) {
    const tag = this.#part(name);
    if (tag.hidden !== !text) tag.hidden = !text;
    if (text) this.#write(name, text);
  }

  /** @param {string} name @param {string} text */
  #write(name, text) {
    const node = this.#part(name).firstChild;
    if (!(node instanceof Text)) this.#part(name).textContent = text;
    else if (node.data !== text) node.data = text; // the same text node: neither selection nor layout starts anew
  }

  /** @param {string} name */
  #part(name) {
    return /** @type {HTMLElement} */ (this.#parts.get(name));
  }
}

/** The call that the server rendered into this node. @param {HTMLElement} node */
export function renderedCall(node) {
  const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (node.querySelector(`[data-part="${name}"]`));
  const { callSid = "", status = "", startedAt = null, customer = null, direction = null, heardAt = "", alerts = "[]" } = node.dataset;
  const said = part("said");
  const last = said.dataset.speaker && {
    speaker: said.dataset.speaker, content: part("words").textContent, is_final: !said.classList.contains("is-interim"), language: part("words").lang || null,
  }; // prettier-ignore
  return /** @type {import("callboard/wall").CallRow & {heardAt: number|null}} */ ({
    call_sid: callSid, status, last: last || null, alerts: JSON.parse(alerts), heardAt: Date.parse(heardAt) || null,
    segments: Number(part("segments").textContent), viewers: Number(part("viewers").textContent),
    metadata: {
      assistant_name: part("assistant").textContent, call_type: direction, started_at: startedAt, customer_phone_number: customer,
      assistant_id: null, to_phone_number: null, ended_at: null, duration: null, reason: null,
    },
  }); // prettier-ignore
}

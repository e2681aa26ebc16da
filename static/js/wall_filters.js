// @ts-check
/** Which calls the reader wants to see, and how that is written in the page's address. */
import { alertNames, lengthMs } from "callboard/wall";

/** @typedef {import("callboard/wall").Call} Call */
/** @typedef {{assistant: string, direction: string, over: number, alerts: string, text: string}} Filters `over` in minutes;
 * `alerts`: a rule that it set off, or ANY */
/** @typedef {Filters & {order: "newest"|"attention", view: "table"|"cards"}} Choices */

export const ANY = "*";
/** @type {Choices} */
export const DEFAULTS = { assistant: "", direction: "", over: 0, alerts: "", text: "", order: "newest", view: "table" };
const NAMES = /** @type {const} */ ({ assistant: "assistant", direction: "direction", over: "over", alerts: "alerts", text: "q", order: "order", view: "view" });
const ALLOWED = { direction: ["inbound", "outbound"], order: ["newest", "attention"], view: ["table", "cards"] };

/** How many filters are on. @param {Filters} filters */
export function filterCount({ assistant, direction, over, alerts, text }) {
  return [assistant, direction, over, alerts, text.trim()].filter(Boolean).length;
}

/** What an address says; the rest is as `otherwise`. @param {URLSearchParams} query @param {Choices} otherwise @returns {Choices} */
export function readChoices(query, otherwise) {
  const given = Object.entries(NAMES).flatMap(([name, short]) => {
    const value = query.get(short);
    if (value === null) return [];
    if (name === "over") return Number(value) > 0 ? [[name, Number(value)]] : [];
    const allowed = /** @type {Record<string, string[]>} */ (ALLOWED)[name];
    return !allowed || allowed.includes(value) ? [[name, value]] : [];
  });
  return { ...otherwise, ...Object.fromEntries(given) };
}

/** What differs from the defaults, `?assistant=Front+desk&over=5`. @param {Choices} choices */
export function writeChoices(choices) {
  const query = new URLSearchParams();
  for (const name of /** @type {(keyof Choices)[]} */ (Object.keys(NAMES))) {
    if (choices[name] !== DEFAULTS[name]) query.set(NAMES[name], String(choices[name]));
  }
  return query.size ? `?${query}` : "";
}

/** For comparing: no capitals, no accents. @param {string} text */
export function folded(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** Lets the wanted calls through. One that its words let through stays, though its last words move on. */
export class Sieve {
  /** @type {Set<string>} */ #said = new Set();

  /** @param {Filters} filters */
  constructor(filters) {
    this.filters = filters;
    this.terms = folded(filters.text).split(/\s+/).filter(Boolean);
  }

  /** @param {Call} call @param {number} now */
  lets(call, now) {
    const { assistant, direction, over, alerts } = this.filters;
    if (assistant && call.metadata.assistant_name !== assistant) return false;
    if (direction && call.metadata.call_type !== direction) return false;
    if (over && (lengthMs(call, now) ?? 0) < over * 60_000) return false;
    if (alerts && !call.alerts.some(({ rule }) => alerts === ANY || alerts === rule)) return false;
    return this.#hasTerms(call);
  }

  /** @param {Call} call */
  #hasTerms(call) {
    if (!this.terms.length || this.#said.has(call.call_sid)) return true;
    const { assistant_name: name, customer_phone_number: customer, to_phone_number: to } = call.metadata;
    const numbers = [customer ?? "", to ?? ""].flatMap((number) => [number, number.replace(/\D/g, "")]);
    const text = folded([name, ...numbers, call.call_sid, call.last?.content, ...alertNames(call)].join(" "));
    const has = this.terms.every((term) => text.includes(term));
    if (has) this.#said.add(call.call_sid);
    return has;
  }
}

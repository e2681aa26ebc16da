// @ts-check
/**
 * The timeline that the server drew, kept up to date; from it one goes to what was said: by pointer, or, as on a slider,
 * from turn to turn by arrows and there by Enter.
 */
import { CallTimeline } from "callboard/call_timeline";
import { mmss } from "callboard/format";
import { segmentAt } from "callboard/timeline_layout";
import { drawMark, drawTick, fill, set, tellFact } from "callboard/timeline_nodes";

/** @typedef {import("callboard/transcript_element").TranscriptElement} TranscriptElement */
/** @typedef {import("callboard/measures").Said} Said */

const EVERY_MS = 400; // drawn anew at most so often
const CUSTOMER_BOTTOM = 27; // px from the top, where the assistant's lane begins; templates/call_timeline.html draws them
const FIRST_WORDS = 60; // characters

export class Timeline {
  /** Until when the call has lasted, s. @type {number|null} */ #lasted;
  #isOver;
  /** The turn at which it stands for the keyboard. @type {Said|null} */ #turn = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #drawing;

  /** @param {HTMLElement} root @param {TranscriptElement} transcript
   * @param {(EventTarget & {list: any[]})|null} [notes] */
  constructor(root, transcript, notes = null) {
    this.root = root;
    this.transcript = transcript;
    this.notes = notes;
    this.slider = this.#part("timeline-slider");
    this.words = /** @type {HTMLDetailsElement} */ (this.#part("timeline-words"));
    this.#isOver = "over" in root.dataset;
    this.#lasted = root.dataset.duration ? Number(root.dataset.duration) : null;
    this.call = this.#laidOut();
    transcript.addEventListener("transcript-changed", () => this.#drawSoon());
    notes?.addEventListener("notes-changed", () => this.#drawSoon());
    this.words.addEventListener("toggle", () => this.#tell());
    this.words.addEventListener("click", (event) => this.#followLink(event));
    this.#listen();
    this.#stand();
  }

  /** The call goes on. @param {number} seconds since it was answered */
  tick(seconds) {
    if (this.#isOver) return;
    this.#lasted = Math.max(0, Math.floor(seconds));
    if (this.call.end > this.#lasted * 1000) this.#showNow(this.#lasted * 1000);
    else this.#drawSoon();
  }

  /** The call is over. @param {number|null} duration s */
  finish(duration) {
    this.#isOver = true;
    this.#lasted = duration;
    this.#drawSoon();
  }

  // ── drawn ──────────────────────────────────────────────────────────────────────────────────────────────────

  #laidOut() {
    const { segments, alerts, dataset } = this.transcript;
    return new CallTimeline({
      segments: segments.list,
      alerts: alerts.list,
      notes: this.notes?.list ?? [],
      names: [dataset.userName ?? "", dataset.assistantName ?? ""],
      startedAt: dataset.startedAt ? Date.parse(dataset.startedAt) : null,
      lasted: this.#lasted,
      isOver: this.#isOver,
    });
  }

  #drawSoon() {
    this.#drawing ??= setTimeout(() => this.#draw(), EVERY_MS);
  }

  #draw() {
    this.#drawing = undefined;
    const call = (this.call = this.#laidOut());
    this.root.hidden = call.isEmpty;
    this.#part("timeline-untimed").hidden = !call.isUntimed;
    this.#part("timeline-board").hidden = this.words.hidden = call.isUntimed;
    for (const [name, d] of Object.entries(call.paths)) set(this.#part(`timeline-${name}`), { d });
    fill(this.#part("timeline-ticks"), call.ticks, drawTick);
    fill(this.#part("timeline-marks"), call.marks, drawMark);
    this.#showNow(call.now);
    this.#stand();
    this.#tell();
  }

  /** @param {number|null} at ms */
  #showNow(at) {
    const x = at === null ? "0" : this.call.x(at);
    set(this.#part("timeline-now"), { x1: x, x2: x, visibility: at === null ? "hidden" : "visible" });
  }

  /** In words, while they are open and nobody stands in them. */
  #tell() {
    const place = this.#part("timeline-facts");
    if (this.words.open && !place.contains(document.activeElement)) fill(place, this.call.facts, tellFact);
  }

  // ── the slider ─────────────────────────────────────────────────────────────────────────────────────────────

  #listen() {
    const { slider } = this;
    Object.assign(slider, { role: "slider", tabIndex: 0, ariaLabel: "Timeline of the call", ariaValueMin: "0" });
    slider.addEventListener("click", (event) => this.#clicked(event));
    slider.addEventListener("keydown", (event) => this.#pressed(event));
    slider.addEventListener("pointermove", (event) => this.#hovered(event));
    slider.addEventListener("pointerleave", () => this.#stand());
    slider.addEventListener("focus", () => this.#stand());
    slider.addEventListener("blur", () => this.#stand());
  }

  /** Show, and tell assistive technology, at which turn it stands: before it is moved, at the last one. */
  #stand() {
    const { turns, end } = this.call;
    const was = this.#turn;
    this.#turn = (was && turns.find(({ id }) => id === was.id)) ?? null;
    const turn = this.#turn ?? turns[turns.length - 1];
    this.slider.ariaValueMax = String(Math.floor(end / 1000));
    this.slider.ariaValueNow = String(turn ? Math.floor(turn.start / 1000) : 0);
    this.slider.ariaValueText = turn ? this.#told(turn) : "Nothing was said yet";
    this.#point(turn && this.slider.matches(":focus-visible") ? turn.start : null, turn?.who);
  }

  /** `1:05, Customer speaks, “I would like …”` @param {Said} turn */
  #told({ start, who, id }) {
    const said = [...(this.transcript.segments.get(id)?.data.content ?? "")];
    const words = said.slice(0, FIRST_WORDS).join("") + (said.length > FIRST_WORDS ? "…" : "");
    return `${mmss(start / 1000)}, ${this.call.names[who]} speaks, “${words}”`;
  }

  /** @param {number|null} at ms @param {number} [who] */
  #point(at, who) {
    const place = this.#part("timeline-point");
    if (at === null) return set(place, { visibility: "hidden" });
    const x = this.call.x(at);
    const anchor = at > this.call.end * 0.75 ? "end" : "start";
    const [line, text] = [...place.children];
    set(line, { x1: x, x2: x });
    set(text, { x, dx: anchor === "end" ? "-5" : "5", "text-anchor": anchor });
    text.textContent = who === undefined ? mmss(at / 1000) : `${mmss(at / 1000)} ${this.call.names[who]}`;
    set(place, { visibility: "visible" });
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const { turns } = this.call;
    if (event.ctrlKey || event.altKey || event.metaKey || !turns.length) return;
    const at = this.#turn ? turns.indexOf(this.#turn) : turns.length - 1;
    const steps = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, Home: 0, End: turns.length - 1 };
    if (event.key === "Enter") this.#goTo(turns[at].id);
    else if (!(event.key in steps)) return;
    else this.#turn = turns[Math.min(Math.max(steps[/** @type {keyof typeof steps} */ (event.key)], 0), turns.length - 1)];
    event.preventDefault();
    if (event.key !== "Enter") this.#stand();
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const mark = /** @type {Element} */ (event.target).closest("[data-segment-id]");
    if (mark) return this.#goTo(mark.getAttribute("data-segment-id"));
    const { at, who } = this.#under(event);
    const lane = this.call.said.filter((one) => one.who === who);
    const turn = this.call.turns.find((one) => one.who === who && one.start <= at && at < one.end);
    const nearest = segmentAt(turn ? lane : this.call.said, at) ?? this.call.said[0]?.id;
    if (nearest !== undefined) this.#goTo(nearest);
  }

  /** @param {PointerEvent} event */
  #hovered(event) {
    if (event.pointerType === "touch") return;
    const { at } = this.#under(event);
    const speaking = this.call.turns.filter(({ start, end }) => start <= at && at < end);
    this.#point(at, speaking.length === 1 ? speaking[0].who : undefined);
  }

  /** Where in the call it points, ms, and in whose lane. @param {MouseEvent} event */
  #under({ clientX, clientY }) {
    const { left, top, width } = this.slider.getBoundingClientRect();
    const at = Math.min(Math.max((clientX - left) / width, 0), 1) * this.call.end;
    return { at: Math.floor(at), who: clientY - top < CUSTOMER_BOTTOM ? 0 : 1 };
  }

  /** @param {string|null} id */
  #goTo(id) {
    if (id !== null) this.transcript.goTo(id);
  }

  /** @param {MouseEvent} event */
  #followLink(event) {
    const link = /** @type {Element} */ (event.target).closest("a");
    if (link && this.transcript.goTo((link.getAttribute("href") ?? "").slice("#seg-".length))) event.preventDefault();
  }

  /** @param {string} name @returns {HTMLElement} */
  #part(name) {
    return /** @type {HTMLElement} */ (this.root.querySelector(`[data-part="${name}"]`));
  }
}

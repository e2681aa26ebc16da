// @ts-check
/** The live wall: the calls that run, from the moment at which the server rendered them. */
import { ConnectionStatus, describe } from "callboard/connection_status";
import { enableCopyButtons } from "callboard/copy_button";
import { localiseTimes } from "callboard/local_times";
import { Notifier } from "callboard/notify";
import { SignInInline } from "callboard/sign_in_inline";
import { ticketUrl } from "callboard/ticket";
import { clockSince, tick } from "callboard/ticking";
import { isOver, Wall } from "callboard/wall";
import { Beside } from "callboard/wall_beside";
import { WallControls } from "callboard/wall_controls";
import { LiveCalls } from "callboard/wall_feed";
import { filterCount, Sieve } from "callboard/wall_filters";
import { WallKeys } from "callboard/wall_keys";
import { WallList } from "callboard/wall_list";
import { WallNotices } from "callboard/wall_notices";
import { ordered } from "callboard/wall_order";
import { renderedCall } from "callboard/wall_row";
import { WallSources } from "callboard/wall_sources";
import { backInWords, heldInWords, News } from "callboard/wall_words";

/** @typedef {import("callboard/live_transcript").State} State */
/** @typedef {import("callboard/wall_feed").CallsMessage} CallsMessage */

const BACK_MS = 6_000; // what a reconnect brought is news for so long
const TYPED_MS = 1_000; // and what a filter leaves is said when the typing rests

/** @param {string} name @returns {HTMLElement} */
const part = (name) => /** @type {HTMLElement} */ (document.querySelector(`[data-part="${name}"]`));

class CallsPage {
  wall = new Wall();
  /** @type {Set<string>} */ changed = new Set();
  isDrawing = false;
  hasBeenLive = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ settling;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ saying;
  connection = new ConnectionStatus(part("connection"));
  notices = new WallNotices(part);
  table = /** @type {HTMLElement} */ (document.querySelector(".call-list"));
  list = new WallList(this.table, /** @type {HTMLTemplateElement} */ (part("row")));
  news = new News((words) => (part("news").textContent = words));
  renderedClock = clockSince(this.table.dataset.renderedAt ?? "");
  stoppedAt = this.renderedClock(); // the wall's clock stands still while we don't hear what happens
  title = document.title.replace(/^.*?·/, "·");

  constructor() {
    this.wall.adopt(this.list.nodes.map(renderedCall));
    this.controls = new WallControls(/** @type {HTMLFormElement} */ (part("bar")), () => this.chose());
    this.sieve = new Sieve(this.controls.choices);
    this.beside = new Beside(part("beside"), this.list, (words) => (part("news").textContent = words), () => this.controls?.show());
    this.notifier = new Notifier(part("notify"), (sid) => this.beside?.open(sid));
    this.sources = new WallSources(part("troubles"), /** @type {HTMLTemplateElement} */ (part("trouble")), () => this.schedule());
    const keys = /** @type {HTMLDialogElement} */ (part("keys"));
    new WallKeys(this.list, this.controls.text, keys, part("help"), () => this.beside?.leave());
    this.draw();
    this.feed = new LiveCalls({
      url: () => ticketUrl({ feed: "live-calls" }),
      onState: (state) => this.entered(state),
      onSnapshot: (message) => this.began(message),
      onUpdate: ({ calls, timestamp }) => this.heard(this.wall.update(calls, Date.parse(timestamp))),
    });
    this.entered(this.feed.state);
    tick(document, () => this.now(), () => this.aged());
    const dialog = /** @type {HTMLDialogElement} */ (part("sign-in"));
    new SignInInline(dialog, document.querySelector('[data-step="sign-in"]'), () => this.signedIn());
    part("update").addEventListener("click", () => this.draw({ isAsked: true }));
    document.querySelector('[data-step="retry"]')?.addEventListener("click", () => this.feed?.retryNow());
    document.querySelector('[data-step="reload"]')?.addEventListener("click", () => location.reload());
  }

  /** Server's time, ms. */
  now() {
    if (this.feed?.state.name !== "live") return this.stoppedAt;
    const offset = this.feed.clockOffset;
    return (this.stoppedAt = offset === null ? this.renderedClock() : Date.now() + offset);
  }

  /** @param {State} state */
  entered(state) {
    clearTimeout(this.settling);
    this.connection.show(describe(state));
    document.documentElement.classList.toggle("is-live", state.name === "live");
    if (state.name === "signed-out") this.#comeBackHere();
    if (state.name !== "removed") return;
    this.wall.clear();
    this.draw({ isAsked: true });
  }

  signedIn() {
    this.feed?.retryNow();
    this.beside?.renew();
  }

  /** @param {CallsMessage} message */
  began({ calls, timestamp }) {
    const change = this.wall.replace(calls, Date.parse(timestamp));
    this.heard(change);
    if (this.hasBeenLive) {
      const words = backInWords({ started: change.started.length, left: change.left.length });
      this.connection.show({ tone: "live", words, step: null });
      this.settling = setTimeout(() => this.connection.show(describe({ name: "live", recovered: null })), BACK_MS);
    }
    this.hasBeenLive = true;
  }

  /** @param {import("callboard/wall").Change} change */
  heard({ changed, started, ended, left, alerted }) {
    for (const sid of changed) this.changed.add(sid);
    const wanted = (/** @type {string} */ sid) => this.lets(sid);
    const raised = alerted.filter(({ call_sid }) => wanted(call_sid));
    this.news.heard(started.filter(wanted).length, ended.filter(wanted).length + left.length, raised.length);
    this.notifier?.tell(raised.map((one) => ({ ...one, caller: this.wall.calls.get(one.call_sid)?.metadata.customer_phone_number ?? "Unknown number" })));
    this.schedule();
  }

  /** @param {string} sid */
  lets(sid) {
    const call = this.wall.calls.get(sid);
    return call !== undefined && this.sieve.lets(call, this.now());
  }

  /** Another filter, order or view. */
  chose() {
    const { choices } = /** @type {WallControls} */ (this.controls);
    this.sieve = new Sieve(choices);
    this.draw({ isAsked: true });
    clearTimeout(this.saying);
    if (filterCount(choices)) this.saying = setTimeout(() => (part("news").textContent = part("share").textContent), TYPED_MS);
  }

  /** A second passed. */
  aged() {
    const gone = this.wall.expire(this.now());
    if (gone.length) this.notices.left(gone[gone.length - 1]);
    this.draw();
  }

  schedule() {
    if (this.isDrawing) return;
    this.isDrawing = true;
    if (document.hidden) queueMicrotask(() => this.draw()); // no frames in a hidden page
    else requestAnimationFrame(() => this.draw());
  }

  /** @param {{isAsked?: boolean}} [how] */
  draw({ isAsked } = {}) {
    this.isDrawing = false;
    const { wall, list, controls, sieve } = this;
    const now = this.now();
    const { order, view } = /** @type {WallControls} */ (controls).choices;
    const all = [...wall.calls.values()];
    const wanted = all.filter((call) => /** @type {Sieve} */ (sieve).lets(call, now));
    this.table.classList.toggle("is-cards", view === "cards");
    const isComplete = list.draw(ordered(wanted, order, now), this.changed, now, { sources: this.sources?.states, isAsked });
    list.forget((sid) => wall.calls.has(sid));
    const names = all.map(({ metadata }) => metadata.assistant_name ?? "").filter(Boolean);
    controls?.offer(new Set(names), new Set(all.flatMap(({ alerts }) => alerts.map(({ rule }) => rule))));
    this.#hold(list.waiting);
    const running = all.filter((call) => !isOver(call)).length;
    controls?.count(wanted.filter((call) => !isOver(call)).length, running);
    const state = this.feed?.state.name;
    this.notices.show({ all: all.length, shown: list.shown.length, isLive: state === "live", isRemoved: state === "removed" });
    this.#count(running);
    if (!isComplete) this.schedule();
  }

  /** @param {number} changes that wait until nobody reads the list */
  #hold(changes) {
    const button = part("update");
    if (!changes && document.activeElement === button && this.list.focused) this.list.focus(this.list.focused);
    if (button.hidden === changes > 0) button.hidden = !changes;
    if (changes && button.textContent !== heldInWords(changes)) button.textContent = heldInWords(changes);
  }

  /** Signing in leads back to what is chosen now. */
  #comeBackHere() {
    const here = encodeURIComponent(location.pathname + location.search);
    document.querySelector('[data-step="sign-in"]')?.setAttribute("href", `/sign-in?next=${here}`);
  }

  /** @param {number} running */
  #count(running) {
    const count = running ? String(running) : "";
    if (part("count").textContent === count) return;
    part("count").textContent = count;
    const title = `Live calls ${running ? `(${running}) ` : ""}${this.title}`;
    document.title = this.notifier?.titled(title) ?? title;
  }
}

enableCopyButtons(document);
localiseTimes(document);
new CallsPage();

// @ts-check
/**
 * The call that was chosen, beside the list where there is room; elsewhere its page opens as any link does. The page's
 * address says which (`?call=CA…`), so that a reload and Back keep what they should.
 *
 * It is the call's own page in a frame: its socket, keys, scrolling and memory are its own, and all gone when it closes.
 * To mount a part of that page here, each of its modules would have to know how to go again.
 */

const ROOM = "(width >= 75rem)"; // css/beside.css has the same
const OWN_KEYS = "input, select, textarea, [contenteditable], dialog[open]"; // where Escape means something else

/** The call that an address has beside the list. @param {string} search */
export function besideOf(search) {
  return new URLSearchParams(search).get("call") || null;
}

/** The same query with another call, or none. @param {string} search @param {string|null} sid */
export function withBeside(search, sid) {
  const query = new URLSearchParams(search);
  query.delete("call");
  if (sid) query.set("call", sid);
  return query.size ? `?${query}` : "";
}

export class Beside {
  /** The call that is open. @type {string|null} */ sid = null;
  /** @type {HTMLIFrameElement|null} */ #frame = null;
  #room = matchMedia(ROOM);
  #entries = 0; // of the history, when it was opened

  /** @param {HTMLElement} panel @param {import("callboard/wall_list").WallList} list @param {(words: string) => void} say
   * @param {() => void} onBack the address is an older one */
  constructor(panel, list, say, onBack) {
    this.panel = panel;
    this.list = list;
    this.say = say;
    list.place.addEventListener("click", (event) => this.#clicked(event));
    this.#part("close").addEventListener("click", () => this.leave());
    addEventListener("popstate", () => {
      this.#follow();
      onBack();
    });
    const sid = besideOf(location.search);
    if (sid && !this.#room.matches) location.replace(pageOf(sid));
    else this.#follow();
  }

  /** @param {string} sid */
  open(sid) {
    if (!this.#room.matches) return void location.assign(pageOf(sid));
    if (sid === this.sid) return this.#enter();
    const address = location.pathname + withBeside(location.search, sid);
    if (this.sid) history.replaceState(history.state, "", address);
    else history.pushState({ isBeside: true }, "", address);
    this.#entries = history.length;
    this.#show(sid);
    this.say("The call is open beside the list. Enter again to read it, Escape to close it.");
  }

  /** What is shown was for someone who was signed out. */
  renew() {
    this.#frame?.contentWindow?.location.reload();
  }

  /** Back to the list alone. */
  leave() {
    const { sid } = this;
    if (!sid) return;
    const hadFocus = this.panel.contains(document.activeElement);
    this.#hide();
    if (hadFocus) this.list.focus(sid);
    if (history.state?.isBeside && history.length === this.#entries) history.back(); // else the frame came in between
    else history.replaceState(null, "", location.pathname + withBeside(location.search, null));
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const { target, button, ctrlKey, metaKey, shiftKey, altKey } = event;
    const link = /** @type {Element} */ (target).closest(".call-link");
    const row = /** @type {HTMLElement|null|undefined} */ (link?.closest(".call-row"));
    if (!row?.dataset.callSid || button || ctrlKey || metaKey || shiftKey || altKey || !this.#room.matches) return;
    event.preventDefault();
    this.open(row.dataset.callSid);
  }

  /** Show what the address says. */
  #follow() {
    const sid = besideOf(location.search);
    if (sid === this.sid) return;
    if (sid) this.#show(sid);
    else this.#hide();
  }

  /** @param {string} sid */
  #show(sid) {
    this.sid = sid;
    this.#frame?.remove();
    const frame = (this.#frame = document.createElement("iframe")); // a new one each time: another address in the old one
    frame.className = "beside-frame"; //                                   would be one more step for Back
    frame.title = `Call ${this.list.nameOf(sid) ?? sid}`;
    frame.src = `${pageOf(sid)}?embedded`;
    frame.addEventListener("load", () => this.#loaded(frame));
    this.panel.append(frame);
    this.#part("page").setAttribute("href", pageOf(sid));
    this.panel.hidden = false;
    document.documentElement.classList.add("has-beside");
    this.list.mark(sid);
  }

  #hide() {
    this.sid = null;
    this.#frame?.remove(); // and with it its socket
    this.#frame = null;
    this.panel.hidden = true;
    document.documentElement.classList.remove("has-beside");
    this.list.mark(null);
  }

  #enter() {
    this.#frame?.focus();
    this.#frame?.contentDocument?.getElementById("main")?.focus({ preventScroll: true });
  }

  /** Its links lead out of the frame, and Escape back to the list. @param {HTMLIFrameElement} frame */
  #loaded(frame) {
    const page = frame.contentDocument;
    page?.addEventListener("click", ({ target }) => {
      const link = /** @type {HTMLAnchorElement|null} */ (/** @type {Element} */ (target).closest("a[href]"));
      if (link && !link.target && !link.download && !(link.pathname === page.location.pathname && link.hash)) link.target = "_top";
    }, { capture: true }); // prettier-ignore
    page?.addEventListener("keydown", (event) => {
      const isTaken = event.defaultPrevented || /** @type {Element} */ (event.target).closest(OWN_KEYS) || page.querySelector("dialog[open]");
      if (event.key === "Escape" && !isTaken) this.leave();
    });
  }

  /** @param {string} name */
  #part(name) {
    return /** @type {HTMLElement} */ (this.panel.querySelector(`[data-beside="${name}"]`));
  }
}

/** @param {string} sid */
function pageOf(sid) {
  return `/calls/${encodeURIComponent(sid)}`;
}

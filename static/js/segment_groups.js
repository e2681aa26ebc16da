// @ts-check
/** Where the segments of a transcript stand: in lists of a hundred, one below the other, of which a browser lays out
 * those that are in sight or near it (static/css/transcript.css). Rows between segments stand in the same lists.
 * A list is never empty, but for the only one. */

const FULL = 100; // segments and rows, then the next list begins; templates/call_transcript.html has about the same
const MOST = 2 * FULL; // what comes late stands in a full list, too
const SLICE_MS = 20; // a list takes about as long

export class SegmentGroups {
  /** @param {HTMLElement} root with a list at least */
  constructor(root) {
    this.root = root;
    beginAtTop();
    addEventListener("load", () => globalThis.requestIdleCallback?.((deadline) => this.#prepare([...root.children], deadline)));
  }

  /** @param {HTMLElement} node @param {HTMLElement|null} before null: the end */
  insert(node, before) {
    const [left, group] = [node.parentElement, before?.parentElement];
    if (!before || !group) this.#last(node).append(node);
    else if (group.childElementCount < MOST) before.before(node);
    else this.#split(group, before).append(node);
    if (left) this.#leave(left);
  }

  /** @param {HTMLElement|undefined} node */
  remove(node) {
    const left = node?.parentElement;
    node?.remove();
    if (left) this.#leave(left);
  }

  clear() {
    this.root.replaceChildren(emptyGroup());
  }

  /** The list that a node comes to the end of. @param {HTMLElement} node */
  #last(node) {
    const last = /** @type {HTMLElement} */ (this.root.lastElementChild);
    if (last.childElementCount < FULL || last.contains(node)) return last;
    this.#settle();
    return this.root.appendChild(emptyGroup());
  }

  /** The full ones may be left out from now on, but for those in sight, which would blink. */
  #settle() {
    for (const group of this.root.querySelectorAll(".segments:not(.is-settled)")) {
      if (sideOf(group) !== null) group.classList.add("is-settled");
    }
  }

  /** On its way past the lists a Tab asks of every element whether it can have the focus, which takes a second where most
   * were not laid out before: they are, list by list, as soon as the browser has nothing else to do. @param {Element[]} groups @param {IdleDeadline} deadline */
  #prepare(groups, deadline) {
    do groups.pop()?.lastElementChild?.getBoundingClientRect();
    while (groups.length && deadline.timeRemaining() > SLICE_MS);
    if (groups.length) requestIdleCallback((next) => this.#prepare(groups, next));
  }

  /** What stands from there on gets a list of its own: of a long history, which comes from its end to its beginning, what
   * has just come. @param {HTMLElement} group @param {HTMLElement} from */
  #split(group, from) {
    const all = [...group.children];
    const rest = emptyGroup();
    group.after(rest);
    rest.append(...all.slice(all.indexOf(from)));
    return group;
  }

  /** @param {HTMLElement} group */
  #leave(group) {
    if (!group.childElementCount && this.root.childElementCount > 1) group.remove();
  }
}

/** The segment that stands behind it, whatever rows are in between. @param {HTMLElement} node @returns {Element|null} */
export function nextSegment(node) {
  let next = behind(node);
  while (next && !next.classList.contains("segment")) next = behind(next);
  return next;
}

/** Where a segment ends, px from the top of the window; where all of its list is on one side of a line, where that ends:
 * what is far from the line need not be laid out to know its side. @param {HTMLElement} node @param {number} line px */
export function bottomBeside(node, line) {
  const { top, bottom } = /** @type {HTMLElement} */ (node.parentElement).getBoundingClientRect();
  return bottom <= line || top > line ? bottom : node.getBoundingClientRect().bottom;
}

/** Where segments and rows begin, px from a line of the window; where all of a list is out of the window, only on which side.
 * @param {number} line px @param {HTMLElement[]} nodes */
export function topsFrom(line, nodes) {
  /** @type {Map<HTMLElement|null, number|null>} */ const sides = new Map();
  return nodes.map((node) => {
    const group = node.parentElement;
    if (!sides.has(group)) sides.set(group, sideOf(group));
    return sides.get(group) ?? node.getBoundingClientRect().top - line;
  });
}

/** @param {Element|null} group @returns {number|null} null: in the window */
function sideOf(group) {
  const { top, bottom } = group?.getBoundingClientRect() ?? { top: 0, bottom: 0 };
  if (bottom < 0) return -Infinity;
  return top > innerHeight ? Infinity : null;
}

/** @param {Element} node */
function behind(node) {
  return node.nextElementSibling ?? node.parentElement?.nextElementSibling?.firstElementChild ?? null;
}

/** From nowhere, a Tab asks all elements of the page (see #prepare) before it goes to the first; from its top it goes there
 * at once. Who was led to a place, or is at one already, in this page or in the one that it stands in, goes on from there. */
function beginAtTop() {
  const { body, activeElement } = document;
  if (activeElement !== body || location.hash || parent !== window) return;
  body.tabIndex = -1; // as long as it takes to have the focus, and lose it
  body.focus({ preventScroll: true });
  body.blur();
  body.removeAttribute("tabindex");
}

function emptyGroup() {
  const group = document.createElement("ol");
  group.className = "segments";
  return group;
}

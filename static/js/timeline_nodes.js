// @ts-check
/** What the timeline is drawn of, as templates/call_timeline.html has it. */

const SVG = "http://www.w3.org/2000/svg";
/** @type {WeakMap<Element, string>} */ const filledWith = new WeakMap();

/** The attributes that are other than they were. @param {Element} node @param {Record<string, string>} attributes */
export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
}

/** One node for each of the things, made anew where they are others. @template T
 * @param {Element} place @param {T[]} things @param {(thing: T) => Element} make */
export function fill(place, things, make) {
  const key = JSON.stringify(things);
  if (filledWith.get(place) === key) return;
  filledWith.set(place, key);
  place.replaceChildren(...things.map(make));
}

/** @param {{x: string, text: string}} tick */
export function drawTick({ x, text }) {
  const tick = drawn("svg", { class: "timeline-tick", x, y: "42", overflow: "visible" });
  const label = drawn("text", { y: "16" });
  label.textContent = text;
  tick.append(drawn("path", { d: "M0 1V5" }), label);
  return tick;
}

/** @param {{kind: "alert"|"note", x: string, name: string, id: string|null}} mark */
export function drawMark({ kind, x, name, id }) {
  const mark = drawn("use", { class: `timeline-${kind}`, href: `#timeline-${kind}`, x });
  if (id !== null) mark.setAttribute("data-segment-id", id);
  const title = drawn("title", {});
  title.textContent = name;
  mark.append(title);
  return mark;
}

/** @param {[string, [string, string|null][]]} fact */
export function tellFact([name, told]) {
  const fact = document.createElement("div");
  fact.className = "timeline-fact";
  const term = document.createElement("dt");
  term.textContent = name;
  fact.append(term, ...told.map(([text, id]) => {
    const value = document.createElement("dd");
    const box = id === null ? value : value.appendChild(document.createElement("a"));
    if (box instanceof HTMLAnchorElement) box.setAttribute("href", `#seg-${id}`);
    box.textContent = text;
    return value;
  })); // prettier-ignore
  return fact;
}

/** @param {string} name @param {Record<string, string>} attributes */
function drawn(name, attributes) {
  const node = document.createElementNS(SVG, name);
  set(node, attributes);
  return node;
}

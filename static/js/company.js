// @ts-check
/** Who watches the call, by name, on its page. */

/** @typedef {{name: string, via: "page"|"key"}} Face */

/** Each once, with how often they are there. @param {Face[]} faces @param {string} me @returns {string[]} */
export function named(faces, me) {
  /** @type {Map<string, number>} */ const times = new Map();
  for (const { name } of faces) times.set(name, (times.get(name) ?? 0) + 1);
  return [...times].map(([name, n]) => `${name}${name === me ? " (you)" : ""}${n > 1 ? ` ×${n}` : ""}`);
}

export class CompanyPanel {
  /** @param {HTMLElement} panel @param {HTMLElement} watching how many, in the page's head */
  constructor(panel, watching) {
    this.panel = panel;
    this.watching = watching;
    this.list = /** @type {HTMLElement} */ (panel.querySelector('[data-part="company-list"]'));
    this.count = /** @type {HTMLElement} */ (panel.querySelector('[data-part="company-count"]'));
  }

  /** @param {Face[]} faces */
  show(faces) {
    const { me = "", places = "" } = this.panel.dataset;
    const names = named(faces, me);
    const nodes = [...this.list.children];
    if (nodes.length !== names.length || nodes.some((node, at) => node.textContent !== names[at])) {
      this.list.replaceChildren(...names.map(item));
    }
    this.count.textContent = `${faces.length} of ${places}`;
    this.watching.textContent = ` · ${faces.length} watching`;
    this.watching.hidden = !faces.length;
  }
}

/** @param {string} name */
function item(name) {
  const node = document.createElement("li");
  node.className = "company-face";
  const box = document.createElement("bdi");
  box.textContent = name;
  node.append(box);
  return node;
}

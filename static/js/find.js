// @ts-check
/** Where words stand in a transcript, whatever their capitals and accents. No screen.
 *
 * @typedef {{id: string, start: number, end: number}} Match in the `content` of the segment of this id, JavaScript's offsets
 * @typedef {{id: string, data: {content: string}}} Said
 */

const MARKS = /\p{Mn}/gu;

/** @param {string} text */
const folded = (text) => text.normalize("NFD").replace(MARKS, "").toLowerCase();

/** Every place of `query` in `text`, none over another; none of an empty query.
 * @param {string} text @param {string} query @param {string} [plain] the text, folded @returns {[number, number][]} */
export function placesIn(text, query, plain = folded(text)) {
  const wanted = folded(query);
  /** @type {[number, number][]} */ const places = [];
  /** @type {number[]|null} */ let map = null;
  for (let at = plain.indexOf(wanted); wanted && at >= 0; at = plain.indexOf(wanted, at + wanted.length)) {
    map ??= offsets(text, plain);
    places.push(map.length ? [map[at], map[at + wanted.length]] : [at, at + wanted.length]);
  }
  return places;
}

/** For each character of the folded text, and for its end, where it stands in the text; empty: in the same place.
 * @param {string} text @param {string} plain */
function offsets(text, plain) {
  if (plain.length === text.length && text.toLowerCase() === plain) return [];
  /** @type {number[]} */ const map = [];
  let at = 0;
  for (const character of text) {
    for (let n = folded(character).length; n > 0; n--) map.push(at);
    at += character.length;
  }
  return [...map, at];
}

/** What was said, folded, as long as it stands: a call is searched again with every word that comes. @type {WeakMap<object, string>} */
const known = new WeakMap();

/** In speaking order. @param {Iterable<Said>} said @param {string} query @returns {Match[]} */
export function findAll(said, query) {
  /** @type {Match[]} */ const found = [];
  if (!query) return found;
  for (const { id, data } of said) {
    const plain = known.get(data) ?? folded(data.content);
    known.set(data, plain);
    for (const [start, end] of placesIn(data.content, query, plain)) found.push({ id, start, end });
  }
  return found;
}

/** Where a match is among those that are found now, after words came or went; -1: it is no more.
 * @param {Match[]} found @param {Match|null} match */
export function indexOf(found, match) {
  return match ? found.findIndex(({ id, start }) => id === match.id && start === match.start) : -1;
}

/** `3 of 12`, or what there is to say without any. @param {number} at from 0; -1: none is current @param {number} count
 * @param {string} query */
export function position(at, count, query) {
  if (!query) return "";
  if (!count) return "No match";
  return at < 0 ? `${count} found` : `${at + 1} of ${count}`;
}

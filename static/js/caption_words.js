// @ts-check
/**
 * How words stand in lines that grow: what is on the screen stays in its line as long as it fits there, whatever is
 * changed, added or taken away around it. No screen: whether a text fits is asked.
 *
 * @typedef {object} Word what is never broken, but where it is longer than a line
 * @property {string} text
 * @property {boolean} isSpaced whether there is a space between it and the one before
 * @property {string} segment the id
 * @property {boolean} isInterim
 *
 * @typedef {(text: string) => boolean} Fits
 */

const LONGEST = 2000; // characters: many times what two or three lines hold
const STEP = 1000; // of a longer text the beginning goes in steps, so that the lines don't begin anew with each word
const MOST_COMPARED = 250_000; // pairs of words: some ms
const SPACELESS = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
const OPENING = /^[\p{Ps}\p{Pi}]+$/u;
const STRONG = /[\p{sc=Arabic}\p{sc=Hebrew}\p{sc=Syriac}\p{sc=Thaana}\p{sc=Nko}]|\p{L}/u;
const RIGHT_TO_LEFT = /[\p{sc=Arabic}\p{sc=Hebrew}\p{sc=Syriac}\p{sc=Thaana}\p{sc=Nko}]/u;

const byWord = new Intl.Segmenter(undefined, { granularity: "word" });
const byCharacter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** As `dir="auto"` tells it, of a whole text: its lines must not differ. @param {string} text @returns {"ltr"|"rtl"|null} */
export function directionOf(text) {
  const strong = STRONG.exec(text);
  return strong && (RIGHT_TO_LEFT.test(strong[0]) ? "rtl" : "ltr");
}

/** The words at the end of a segment. @param {{id: string, text: string, isInterim: boolean}} segment @param {Fits} fits
 * @returns {Word[]} */
export function wordsOf({ id: segment, text, isInterim }, fits) {
  const from = text.length > LONGEST ? Math.floor(text.length / STEP) * STEP - STEP : 0;
  const spaced = text.slice(from).split(/\s+/).filter(Boolean);
  return spaced.flatMap((word) =>
    (SPACELESS.test(word) ? parts(word) : [word])
      .flatMap((part) => pieces(part, fits))
      .map((piece, at) => ({ text: piece, isSpaced: at === 0, segment, isInterim })),
  );
}

/** Where a text without spaces may be broken: no line begins with a full stop or ends with a bracket that opens.
 * @param {string} text */
function parts(text) {
  const found = /** @type {string[]} */ ([]);
  for (const { segment, isWordLike } of byWord.segment(text)) {
    const before = found.at(-1);
    if (before !== undefined && (OPENING.test(before) || !(isWordLike || OPENING.test(segment)))) found[found.length - 1] += segment;
    else found.push(segment);
  }
  return found;
}

/** A word that is longer than a line, in pieces that are not. @param {string} word @param {Fits} fits */
function pieces(word, fits) {
  if (fits(word)) return [word];
  const rest = [...byCharacter.segment(word)].map(({ segment }) => segment);
  const found = [];
  while (rest.length) {
    let [fitting, over] = [1, rest.length + 1];
    while (over - fitting > 1) {
      const tried = (fitting + over) >> 1;
      if (fits(rest.slice(0, tried).join(""))) fitting = tried;
      else over = tried;
    }
    found.push(rest.splice(0, fitting).join(""));
  }
  return found;
}

/** @param {Word[]} words */
export function textOf(words) {
  return words.reduce((text, word) => joined(text, word), "");
}

/** @param {string} text @param {Word} word */
function joined(text, word) {
  return text && word.isSpaced ? `${text} ${word.text}` : text + word.text;
}

/**
 * The words in lines, given the lines that they (or what they were before) stand in. There are never fewer lines at the
 * end than there were: the text would come down and go up again with the next word. Those are empty.
 *
 * @param {Word[][]} before @param {Word[]} words @param {Fits} fits @returns {Word[][]}
 */
export function flow(before, words, fits) {
  const kept = linesKept(before, words);
  const lines = /** @type {Word[][]} */ ([[]]);
  let text = "";
  let gone = 0; // lines of which nothing is left
  words.forEach((word, at) => {
    const here = lines.length - 1;
    const was = kept[at];
    if (was !== null) gone = Math.max(gone, was - here - (lines[here].length ? 1 : 0));
    const isOfNext = was !== null && was - gone > here;
    const grown = joined(text, word);
    if (lines[here].length && (isOfNext || !fits(grown))) {
      lines.push([word]);
      text = word.text;
    } else {
      lines[here].push(word);
      text = grown;
    }
  });
  while (lines.length < before.length - gone) lines.push([]);
  return lines;
}

/** For each word the line that it stood in, or that the one stood in whose place it takes; null: it is new.
 * @param {Word[][]} before @param {Word[]} words @returns {(number|null)[]} never falling */
function linesKept(before, words) {
  const old = before.flatMap((line, at) => line.map((word) => ({ key: keyOf(word), line: at })));
  const kept = /** @type {(number|null)[]} */ (words.map(() => null));
  let [from, to] = [0, 0];
  for (const [was, is] of [...common(old.map(({ key }) => key), words.map(keyOf)), [old.length, words.length]]) {
    for (let n = 0; from + n < was && to + n < is; n++) kept[to + n] = old[from + n].line;
    if (was < old.length) kept[is] = old[was].line;
    [from, to] = [was + 1, is + 1];
  }
  return kept;
}

/** The same word, if it only gets its capital or its full stop. @param {Word} word */
function keyOf({ text }) {
  return text.toLowerCase().replace(/[^\p{L}\p{N}\p{M}]+/gu, "") || text;
}

/** Pairs of places with the same key, as many as can be in one order (a longest common subsequence); those before the
 * first difference only, where there is too much to compare. @param {string[]} a @param {string[]} b */
function common(a, b) {
  const pairs = /** @type {[number, number][]} */ ([]);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) pairs.push([start, start++]);
  const [rows, columns] = [a.length - start, b.length - start];
  if (rows * columns > MOST_COMPARED) return pairs;
  const width = columns + 1;
  const most = new Uint16Array((rows + 1) * width); // in common from here to the ends
  for (let i = rows - 1; i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      const at = i * width + j;
      most[at] = a[start + i] === b[start + j] ? most[at + width + 1] + 1 : Math.max(most[at + width], most[at + 1]);
    }
  }
  for (let i = 0, j = 0; i < rows && j < columns; ) {
    if (a[start + i] === b[start + j]) pairs.push([start + i++, start + j++]);
    else if (most[(i + 1) * width + j] >= most[i * width + j + 1]) i++;
    else j++;
  }
  return pairs;
}

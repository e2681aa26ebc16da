// @ts-check
/** Much work, done in slices: between them the browser hears keys and clicks, and paints. */

const SLICE = 500; // things; of segments to know, so many take about 10 ms

/** Each in its order; all at once where they are few. @template T @param {T[]} things @param {(thing: T) => void} work */
export async function inSlices(things, work) {
  for (const [at, thing] of things.entries()) {
    if (at && at % SLICE === 0) await othersTurn();
    work(thing);
  }
}

/** @returns {Promise<void>} */
const othersTurn = () => /** @type {any} */ (globalThis).scheduler?.yield?.() ?? new Promise((done) => setTimeout(done));

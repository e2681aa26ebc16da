// @ts-check
/** How far what comes in lags behind what is said, as the messages' own times tell. No screen. */

const BEHIND_S = 3; // from here on it is said: less is the way of networks
const CAUGHT_UP_S = 1.5; // and below this no more, so that it doesn't flicker between the two
const STEP_S = 2; // a number that changes with every message can't be read
const HEARD_S = 5; // without a message for so long nothing is known to be late

export class Behind {
  #seconds = 0;
  #heardAt = -Infinity;

  /** A live message, not history. @param {number} sentAt ms, by the server's clock @param {number} now ms, by the same */
  heard(sentAt, now) {
    const late = (now - sentAt) / 1000;
    const was = this.seconds(now);
    this.#heardAt = now;
    if (!(late >= (was ? CAUGHT_UP_S : BEHIND_S))) this.#seconds = 0;
    else this.#seconds = was && Math.abs(late - was) < STEP_S ? was : Math.round(late);
  }

  /** What to say; 0: not behind, or not known to be. @param {number} now ms */
  seconds(now) {
    return now - this.#heardAt <= HEARD_S * 1000 ? this.#seconds : 0;
  }

  /** Another connection, another way. */
  forget() {
    this.#seconds = 0;
  }
}

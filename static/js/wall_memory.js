// @ts-check
/** What a browser remembers of its reader's wishes; one that may not store anything just forgets. */

const PREFIX = "callboard.wall.";

export class Memory {
  /** @param {() => Storage} storage asked late: reading it may already be refused */
  constructor(storage) {
    this.storage = storage;
  }

  /** @param {string} name @param {any} otherwise @returns {any} */
  get(name, otherwise) {
    try {
      return JSON.parse(this.storage().getItem(PREFIX + name) ?? "null") ?? otherwise;
    } catch {
      return otherwise;
    }
  }

  /** @param {string} name @param {any} value */
  set(name, value) {
    try {
      this.storage().setItem(PREFIX + name, JSON.stringify(value));
    } catch {
      // private browsing, or full: the address still has it
    }
  }
}

/** Outlives the browser: how someone likes to look. */
export const lasting = new Memory(() => localStorage);
/** Ends with the tab: what someone looks for, which would be a riddle on the next day. */
export const passing = new Memory(() => sessionStorage);

// What a script did and what came of it, so that it can be run again from the top at each event.
//
// A line of entries: a step *began* (with a print of what it did), a question was *answered*, an outcome *came*. A run
// that would do something else than what is on the tape is found out.

import { Refusal } from "./guest.js";

/** More than any conversation needs; what gets here is a script that loops for ever. */
const MOST = 2048;

/** The script that runs, if one does. */
let current = null;

export const running = () => current;

export class Tape {
  constructor(offer, entries) {
    this.offer = offer;
    this.entries = entries;
    this.cursor = 0;
    current = this;
  }

  /** Everything on the tape has been gone through: from here on things happen for the first time. */
  get isLive() {
    return this.cursor >= this.entries.length;
  }

  /** The next entry, or the one that `make` adds. */
  next(kind, print, make) {
    if (this.isLive) {
      if (this.entries.length >= MOST) throw new Refusal("the script has done too much for one call");
      this.entries.push([kind, print, make()]);
    }
    const entry = this.entries[this.cursor];
    if (entry[0] !== kind || entry[1] !== print) {
      throw new Refusal(`the script took another way than before, at entry ${this.cursor}`);
    }
    this.cursor++;
    return entry[2];
  }
}

/** Asks, or repeats the answer that was given before. */
export function ask(print, question) {
  return current === null ? question() : current.next("answered", print, question);
}

/** Says something once. */
export function once(say) {
  if (current === null || current.isLive) say();
}

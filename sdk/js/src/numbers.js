// The tenant's numbering plan.

import * as numbers from "cordboard:behaviour/numbers@0.1.0";

import { ask } from "./tape.js";

/** What was typed as E.164, a short number or a feature code; null when it is no number. */
export const normalise = (typed) => ask(`normalise ${typed}`, () => numbers.normalise(typed) ?? null);
/** `internal`, `mobile`, `premium` and so on. */
export const classify = (number) => ask(`classify ${number}`, () => numbers.classify(number));
/** Whether a number falls under a pattern: a number in any spelling, or a prefix ending in `*`. */
export const matches = (number, pattern) =>
  ask(`matches ${number} ${pattern}`, () => numbers.matches(number, pattern));

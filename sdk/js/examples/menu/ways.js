// Where callers go.

import { play } from "cordboard/audio";
import { dial } from "cordboard/dialling";
import { explain } from "cordboard/explain";
import { hangUp, reject } from "cordboard/legs";
import { destination } from "cordboard/outside";

/** Dials, for good: the way the dial ends is the way the call ends. */
export function* forGood(target) {
  const { failed } = yield dial(target);
  return failed && reject(failed);
}

/** Sends the caller on, if R42 lets us. */
export function* lead(settings, by, number) {
  const { target, why } = destination(number);
  if (target) {
    explain("keys", `${by} leads to ${number}`);
    return yield* forGood(target);
  }
  explain("R42", `${by} leads to ${number}: ${why}`);
  return yield* sayGoodbye(settings);
}

/** The attempts are used up: the fallback number, else good-bye. */
export function* giveUp(settings) {
  if (settings.fallback === null) return yield* sayGoodbye(settings);
  const { target, why } = destination(settings.fallback);
  if (target) {
    explain("fallback", `the caller goes on to ${settings.fallback}`);
    return yield* forGood(target);
  }
  explain("R42", `the fallback is ${settings.fallback}: ${why}`);
  return yield* sayGoodbye(settings);
}

function* sayGoodbye({ goodbye }) {
  explain("goodbye", "good-bye, and the call ends");
  yield play(goodbye);
  return hangUp();
}

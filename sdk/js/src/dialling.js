// Ringing others.

import * as dialling from "cordboard:behaviour/dialling@0.1.0";

import { step } from "./step.js";

/** A line's devices and nothing else. */
export const line = (name) => ({ tag: "line", val: name });
/** Through the dial plan, as if somebody had dialled it. */
export const number = (dialled) => ({ tag: "number", val: dialled });
/** The next behaviour on the same number. */
export const next = () => ({ tag: "next" });

/**
 * Rings one target, or several in a list together. Options: seconds (0: for as long as the caller waits), playing: what
 * plays to the caller goes on.
 *
 * A script gets `{answered: leg}` or `{failed: cause}`.
 */
export function dial(targets, { seconds = 0, playing = false } = {}) {
  const stages = [{ targets: [targets].flat(), ringFor: seconds * 1000 }];
  const options = { hears: playing ? "unchanged" : "ringback", shown: { tag: "caller" }, alert: null };
  return step(["dial", stages, options], (tag, leg) => dialling.dial(tag, leg, stages, options), read);
}

/** Ends the dial that runs for a leg; an answer may have come first, and the outcome tells. */
export const cancelDial = () => step(["cancel"], (_, leg) => dialling.cancel(leg));

function read(outcome) {
  if (outcome.tag === "failed") return { failed: outcome.val };
  if (outcome.tag !== "dialled") return { failed: "failed" };
  const { tag, val } = outcome.val.result;
  return tag === "answered" ? { answered: val.leg } : { failed: val };
}

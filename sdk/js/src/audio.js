// What a party hears, and the keys it presses.

import * as audio from "cordboard:behaviour/audio@0.1.0";

import { step } from "./step.js";

export const announcement = (name) => ({ tag: "announcement", val: name });
export const tone = (name) => ({ tag: "tone", val: name });
export const digits = (spoken) => ({ tag: "digits", val: spoken });
export const silence = (seconds) => ({ tag: "silence", val: seconds * 1000 });

/** A name is an announcement's. */
const sounds = (said) => [said].flat().map((sound) => (typeof sound === "string" ? announcement(sound) : sound));

/** Plays one sound, or several in a list. Options: times (0: for ever), bargeIn. */
export function play(said, { times = 1, bargeIn = false } = {}) {
  const all = sounds(said);
  const queue = (tag, leg) => audio.play(tag, leg, all, { times, bargeIn });
  return step(["play", all, times, bargeIn], queue, (outcome) => outcome.val);
}

/**
 * Takes keys; any cuts the prompt. Options: digits (at most), until, within and between (seconds).
 *
 * A script gets `{tag, val}`: `digits` and `timeout` with what was pressed, `missing` with the name of an announcement
 * that is not there, `stopped`, `gone`.
 */
export function gather(prompt, { digits: maxDigits = 1, until = "", within = 5, between = within } = {}) {
  const options = {
    prompt: sounds(prompt),
    bargeIn: true,
    maxDigits,
    terminators: until,
    firstDigit: within * 1000,
    betweenDigits: between * 1000,
  };
  const read = (outcome) => (outcome.tag === "gathered" ? outcome.val : { tag: "gone" });
  return step(["gather", options], (tag, leg) => audio.gather(tag, leg, options), read);
}

/** Stops what plays. */
export const stop = () => step(["stop"], (_, leg) => audio.stop(leg));

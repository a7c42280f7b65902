// Ringing others.

import type { Cause, Leg, Step } from "./types.js";

export interface Target {
  tag: "line" | "number" | "next" | "device" | "outside";
  val?: unknown;
}

/** A line's devices and nothing else. */
export function line(name: string): Target;
/** Through the dial plan, as if somebody had dialled it. */
export function number(dialled: string): Target;
/** The next behaviour on the same number. */
export function next(): Target;

export type Dialled = { answered: Leg; failed?: undefined } | { failed: Cause; answered?: undefined };

/** Rings one target, or several in a list together; 0 seconds: for as long as the caller waits. */
export function dial(targets: Target | Target[], options?: { seconds?: number; playing?: boolean }): Step<Dialled>;
/** Ends the dial that runs for a leg; an answer may have come first, and the outcome tells. */
export function cancelDial(): Step<undefined>;

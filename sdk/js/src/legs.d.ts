// The caller's leg. What tells whether it was done is false where it could not be.

import type { Cause, Leg, Step } from "./types.js";

/** Tells the caller that it rings. */
export function ring(): Step<boolean>;
/** Answers the caller; true once the caller has confirmed. */
export function answer(): Step<boolean>;
/** Gives the caller back with a cause; ends a script. */
export function reject(cause: Cause): Step<undefined>;
/** Ends the leg; ends a script. */
export function hangUp(): Step<undefined>;
export function hold(): Step<boolean>;
export function resume(): Step<boolean>;
export function bridge(other: Leg): Step<boolean>;
/** The leg that a script tells of. */
export function caller(): Leg | undefined;

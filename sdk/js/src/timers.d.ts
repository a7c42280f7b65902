// Wake-ups.

import type { Instant, Step } from "./types.js";

/** In a script: goes on after so many seconds. */
export function wait(seconds: number): Step<undefined>;
/** In a keyed behaviour: wakes it at that moment, with this tag. */
export function wakeAt(tag: number, instant: Instant): void;
export function forget(tag: number): void;

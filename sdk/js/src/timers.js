// Wake-ups.

import * as timers from "cordboard:behaviour/timers@0.1.0";

import { step } from "./step.js";

/** In a script: goes on after so many seconds. */
export const wait = (seconds) => step(["wait", seconds], (tag) => timers.after(tag, seconds * 1000));
/** In a keyed behaviour: wakes it at that moment, with this tag. */
export const wakeAt = (tag, instant) => timers.at(tag, instant);
export const forget = (tag) => timers.cancel(tag);

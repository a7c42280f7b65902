// Time, as the exchange sees it: it stands still while an event is handled. `Date.now()` is the time of the build.

import * as clock from "cordboard:behaviour/clock@0.1.0";

import { ask } from "./tape.js";

/** Milliseconds since 1970-01-01T00:00:00Z. */
export const now = () => ask("now", () => Number(clock.now()));
/** The wall clock in the tenant's time zone. */
export const local = () => ask("local", () => clock.local());

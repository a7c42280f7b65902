// Time, as the exchange sees it: it stands still while an event is handled.

import type { Instant } from "./types.js";

export interface Local {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** 1 is Monday. */
  weekday: number;
}

export function now(): Instant;
/** The wall clock in the tenant's time zone. */
export function local(): Local;

// The tenant's numbering plan.

export type NumberClass =
  | "internal"
  | "feature"
  | "emergency"
  | "fixed"
  | "mobile"
  | "free"
  | "premium"
  | "near-abroad"
  | "world"
  | "invalid";

/** What was typed as E.164, a short number or a feature code; null when it is no number. */
export function normalise(typed: string): string | null;
export function classify(number: string): NumberClass;
/** Whether a number falls under a pattern: a number in any spelling, or a prefix ending in `*`. */
export function matches(number: string, pattern: string): boolean;

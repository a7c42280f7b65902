// Words of the contract (wit/types.wit, wit/events.wit), as this SDK hands them over.

/** One party's dialog and media, until its end has been told. */
export type Leg = number;
/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

/** Why a call, or one branch of it, did not succeed; also how a leg ended. */
export type Cause =
  | "normal"
  | "busy"
  | "no-answer"
  | "declined"
  | "unreachable"
  | "unknown-number"
  | "forbidden"
  | "congestion"
  | "cancelled"
  | "answered-elsewhere"
  | "anonymous-refused"
  | "not-acceptable"
  | "media-timeout"
  | "failed";

/** Who calls, as far as it is known. */
export interface Identity {
  /** In E.164 form, or the short number of an inside caller; absent when hidden or unknown. */
  number?: string;
  /** The display name as sent; not verified. */
  name?: string;
  anonymous: boolean;
  /** The line, when the caller is one of this tenant's. */
  line?: string;
}

/** A call that is offered to a session, which now holds the caller's leg. */
export interface Offer {
  leg: Leg;
  caller: Identity;
  /** The number that was dialled, normalised. */
  called: string;
  /** The number that the behaviour is bound to; differs from `called` after a forward. */
  number: string;
  /** Numbers that the call was sent on from, latest first. */
  diversions: string[];
  answered: boolean;
  /** Whether this session alone holds the leg, and so may play to it before answer. */
  soleHolder: boolean;
  /** Whether another behaviour stands behind this one on the same number. */
  hasNext: boolean;
}

/** Something to do, once: scripts `yield*` it and get what came of it, keyed behaviours `tell` it to a leg. */
export interface Step<Result> {
  [Symbol.iterator](): Generator<Step<unknown>, Result, any>;
  readonly print: string;
  begin(tag: number, leg: Leg): unknown;
  read(outcome: unknown): Result;
}

/** What ends a script: hanging up, giving the caller back, or nothing, which leaves the two who talk alone. */
export type Ending = Step<unknown> | undefined | null | void | "" | false;
/** A part of a script; `yield*` it. */
export type Telling<Result = Ending> = Generator<Step<unknown>, Result, any>;

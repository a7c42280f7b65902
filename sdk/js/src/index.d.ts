// What every behaviour begins with.

import type { Ending, Leg, Offer, Step, Telling } from "./types.js";

export type { Cause, Ending, Identity, Instant, Leg, Offer, Step, Telling } from "./types.js";

/** A setting, by the type of its value. */
export interface Setting<Value> {
  schema(name?: string): object;
  complete(value: unknown): Value;
}

/** What a setting's value is: `type Mine = Value<typeof settings>`. */
export type Value<S> = S extends Setting<infer V> ? V : never;

interface Help {
  help?: string;
}

type Optional<O, V> = O extends { optional: true } ? V | null : V;

export interface TextOptions extends Help {
  default?: string;
  optional?: boolean;
  required?: boolean;
  /** What people choose from: `announcement`, `line`, `number`, `calendar`. */
  kind?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
}

export interface NumberOptions extends Help {
  default?: number;
  min?: number;
  max?: number;
  unit?: string;
  optional?: boolean;
}

export function text<const O extends TextOptions = {}>(options?: O): Setting<Optional<O, string>>;
/** A whole number. */
export function number<const O extends NumberOptions = {}>(options?: O): Setting<Optional<O, number>>;
export function flag(options?: Help & { default?: boolean }): Setting<boolean>;
/** One of these words, the first unless said otherwise. */
export function choice<const Word extends string>(words: readonly Word[], options?: Help & { default?: NoInfer<Word> }): Setting<Word>;
export function list<Item>(items: Setting<Item>, options?: Help & { maxItems?: number }): Setting<Item[]>;
/** Settings by their names, camelCase here and kebab-case outside. */
export function record<const Fields extends Record<string, Setting<unknown>>, const O extends Help & { optional?: boolean; required?: boolean } = {}>(
  fields: Fields,
  options?: O,
): Setting<Optional<O, { [Name in keyof Fields]: Value<Fields[Name]> }>>;

/** What is wrong with settings, with a JSON Pointer to where. */
export interface Problem {
  path: string;
  message: string;
}

export interface About<Settings> {
  name: string;
  version?: string;
  summary: string;
  settings: Setting<Settings>;
  check?(settings: Settings): Iterable<Problem>;
  interests?: { ringing?: boolean; digits?: boolean; hold?: boolean; lineChanges?: boolean };
  /** Cron expressions by name. */
  schedules?: Record<string, string>;
}

/** What a module exports as `guest`. */
export interface Guest {
  describe(): unknown;
  check(settings: string): Problem[];
}

/** One call, told as a story: it runs from the top at each event, with what came of its steps before. */
export function script<Settings>(
  about: About<Settings>,
  story: (call: Readonly<Offer>, settings: Settings) => Telling<Ending>,
): Guest;

/** One event of a keyed behaviour. `state` is plain data, changed in place. */
export interface Turn<State, Settings> {
  state: State;
  settings: Settings;
  session: { id: number; behaviour: string; number: string };
}

type Handler<Event, State, Settings> = (event: Event, turn: Turn<State, Settings>) => void;

/** What became of a command; its tag is the leg that was told. */
export interface Outcome {
  tag: number;
  kind: { tag: "done" } | { tag: "failed"; val: import("./types.js").Cause } | { tag: "played" | "gathered" | "dialled"; val: unknown };
}

export interface Handlers<State, Settings> {
  before?(turn: Turn<State, Settings>): void;
  callOffered?: Handler<Offer, State, Settings>;
  legEnded?: Handler<{ leg: Leg; cause: import("./types.js").Cause }, State, Settings>;
  legAnswered?: Handler<{ leg: Leg; line?: string }, State, Settings>;
  digit?: Handler<{ leg: Leg; digit: string; held: number }, State, Settings>;
  outcome?: Handler<Outcome, State, Settings>;
  timer?: Handler<number, State, Settings>;
  schedule?: Handler<string, State, Settings>;
  lineChanged?: Handler<unknown, State, Settings>;
  message?: Handler<{ body: Uint8Array }, State, Settings>;
  settingsChanged?: Handler<undefined, State, Settings>;
  after?(turn: Turn<State, Settings>): void;
}

/** One session for a number, with all its calls. */
export function keyed<State, Settings>(
  about: About<Settings> & { state(): State },
  handlers: Handlers<NoInfer<State>, NoInfer<Settings>>,
): Guest;

/** Has a leg do something. False where it has ended meanwhile: its end is told by an event of its own. */
export function tell(leg: Leg, step: Step<unknown>): boolean;

/** Throw it where an event cannot be handled: nothing of the event is carried out, and the host takes the next best. */
export class Refusal extends Error {}

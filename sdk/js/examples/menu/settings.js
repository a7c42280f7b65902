// What a manager configures, and what the schema cannot say of it.

import { flag, list, number, record, text } from "cordboard";
import * as calendars from "cordboard/calendars";
import { destination } from "cordboard/outside";

import { keysOf } from "./keypad.js";

const announcement = (options) => text({ kind: "announcement", maxLength: 128, ...options });
const target = (options) => text({ kind: "number", maxLength: 64, ...options });
const key = () => text({ required: true, pattern: "^[1-9]$" });
const label = () => text({ maxLength: 64, help: "What it is for, for those who read why a call went where it went." });

const submenu = record(
  {
    greeting: announcement({ required: true, minLength: 1 }),
    keys: list(record({ key: key(), label: label(), number: target({ required: true, minLength: 1 }) }), { maxItems: 9 }),
  },
  { optional: true, help: "Or the menu that it opens." },
);

const level = (help) =>
  record(
    {
      greeting: announcement({ help: "Announcement that tells the keys." }),
      keys: list(record({ key: key(), label: label(), number: target({ optional: true }), submenu }), { maxItems: 9 }),
    },
    { help },
  );

export const settings = record({
  enabled: flag({ default: true, help: "Off: calls pass to whatever is next on the number." }),
  calendar: text({ optional: true, kind: "calendar", help: "Opening hours; none: open day and night." }),
  open: level("What callers are offered while it is open."),
  closed: level("What callers are offered while it is closed; only with a calendar."),
  attempts: number({ min: 1, max: 10, default: 3, help: "How often a menu plays in all." }),
  wait: number({ min: 1, max: 60, default: 5, unit: "s", help: "How long callers may think." }),
  goodbye: announcement({ default: "goodbye" }),
  fallback: target({ optional: true, help: "Where callers go when the attempts are used up; none: the call ends." }),
  extensionDigits: number({ min: 0, max: 9, help: "Callers may dial a short number of so many digits; 0: they may not." }),
  byName: record({
    key: text({ optional: true, pattern: "^[1-9]$", help: "The key of the first level that leads here." }),
    prompt: announcement({ default: "spell-the-name" }),
    unknown: announcement({ default: "nobody-of-that-name" }),
    people: list(
      record({
        name: text({ required: true, minLength: 1, maxLength: 64 }),
        number: target({ required: true, minLength: 1 }),
        spoken: announcement({ optional: true }),
      }),
      { maxItems: 200 },
    ),
  }),
});

export function* check({ open, closed, calendar, fallback, byName }) {
  if (!open.greeting) yield problem("/open/greeting", "a menu needs an announcement that tells its keys");
  yield* checkLevel("/open", open);
  if (calendar !== null) {
    if (!calendars.exists(calendar)) yield problem("/calendar", "there is no calendar of this name");
    if (!closed.greeting) {
      yield problem("/closed/greeting", "with a calendar there has to be an announcement for closing time");
    }
    yield* checkLevel("/closed", closed);
  }
  if (fallback !== null) yield* checkNumber("/fallback", fallback);
  if (byName.key !== null) yield* checkByName(byName, calendar === null ? [open] : [open, closed]);
}

const problem = (path, message) => ({ path, message });

function* checkNumber(path, number) {
  const { why } = destination(number);
  if (why) yield problem(path, why);
}

function* checkLevel(path, { keys }) {
  for (const [index, { key, number, submenu }] of keys.entries()) {
    const here = `${path}/keys/${index}`;
    if (keys.findIndex((other) => other.key === key) < index) {
      yield problem(`${here}/key`, "this key has an entry already");
    }
    if (number && submenu) yield problem(here, "a key leads to a number or to a menu, not to both");
    else if (number) yield* checkNumber(`${here}/number`, number);
    else if (submenu) yield* checkLevel(`${here}/submenu`, submenu);
    else yield problem(here, "a key leads to a number or to a menu; leave it out otherwise");
  }
}

function* checkByName({ key, people }, levels) {
  if (levels.some(({ keys }) => keys.some((other) => other.key === key))) {
    yield problem("/by-name/key", "this key has an entry already");
  }
  if (people.length === 0) yield problem("/by-name/people", "there is nobody to be found");
  for (const [index, { name, number }] of people.entries()) {
    yield* checkNumber(`/by-name/people/${index}/number`, number);
    if (keysOf(name).length < 2) {
      yield problem(`/by-name/people/${index}/name`, "a name has letters that can be spelt on the keys");
    }
  }
}

// What a manager configures, and what the schema cannot say of it.

import { choice, flag, list, number, record, text } from "cordboard";
import * as calendars from "cordboard/calendars";
import { find } from "cordboard/directory";
import { destination } from "cordboard/outside";

const announcement = (options) => text({ kind: "announcement", ...options });
const target = (help) => text({ optional: true, kind: "number", maxLength: 64, help });

export const settings = record({
  members: list(text({ kind: "line", maxLength: 32 }), { help: "Lines of the group, in the order in which they are rung." }),
  mode: choice(["free-line", "linear", "cyclic", "parallel"], { help: "Who is rung first." }),
  rings: number({ min: 1, max: 10, default: 5, help: "How often a member's phone rings before the next one's does." }),
  wrapUp: number({ min: 0, max: 3600, unit: "s", help: "Pause for a member after each call." }),
  queueLength: number({ min: 0, max: 50, default: 20, help: "How many callers may wait." }),
  maxWait: number({ min: 10, max: 3600, default: 300, unit: "s", help: "How long a caller may wait." }),
  greeting: announcement({ optional: true, default: "welcome", help: "Heard first; none: nothing." }),
  greetingInterruptive: flag({ default: true, help: "The phones ring during the greeting, and an answer cuts it." }),
  waiting: announcement({ optional: true, default: "please-wait", help: "Heard by callers who wait; none: ringback." }),
  overflow: choice(["dissuasion", "hang-up", "number"], { help: "What becomes of callers nobody can take." }),
  dissuasion: announcement({ default: "all-busy", help: "Heard by callers nobody can take." }),
  overflowNumber: target("Where callers go that nobody can take."),
  calendar: text({ optional: true, kind: "calendar", help: "Opening hours." }),
  closedNumber: target("Where calls go outside of opening hours; none: as if nobody could take them."),
});

export function* check({ members, overflow, overflowNumber, closedNumber, calendar }) {
  for (const [index, member] of members.entries()) {
    const path = `/members/${index}`;
    if (members.indexOf(member) < index) yield { path, message: "this line is a member already" };
    else if (find(member) === null) yield { path, message: "there is no such line" };
  }
  if (overflowNumber !== null) yield* checkNumber("/overflow-number", overflowNumber);
  else if (overflow === "number") {
    yield { path: "/overflow-number", message: "the overflow goes to a number, and there is none" };
  }
  if (closedNumber !== null) yield* checkNumber("/closed-number", closedNumber);
  if (calendar !== null && !calendars.exists(calendar)) {
    yield { path: "/calendar", message: "there is no calendar of this name" };
  }
}

function* checkNumber(path, number) {
  const { why } = destination(number);
  if (why) yield { path, message: why };
}

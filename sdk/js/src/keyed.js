// Keyed behaviours: one session for a number, with all its calls.
//
//     export const guest = keyed({ name: "desk", summary: "…", settings, state: () => ({ callers: [] }) }, {
//       callOffered(offer, { state, settings }) {
//         state.callers.push(offer.leg);
//         tell(offer.leg, play("please-wait", { times: 0 }));
//       },
//     });
//
// `state` is plain data, kept as JSON. Outcomes carry the leg as their tag.

import { Refusal, guest } from "./guest.js";
import { camel } from "./settings.js";
import { decode, encode } from "./utf8.js";

export function keyed(about, handlers) {
  return guest(about, {
    scope: "per-number",
    handle(session, bytes, event) {
      const state = bytes === null ? about.state() : parse(bytes);
      const settings = camel(JSON.parse(session.settings));
      const name = event.tag.replace(/-./g, (pair) => pair[1].toUpperCase());
      const turn = { state, settings, session };
      handlers.before?.(turn);
      handlers[name]?.(event.val, turn);
      handlers.after?.(turn);
      return encode(JSON.stringify(state));
    },
    migrate(_, bytes) {
      parse(bytes);
      return bytes;
    },
  });
}

function parse(bytes) {
  try {
    return JSON.parse(decode(bytes));
  } catch {
    throw new Refusal("the state is not of a behaviour in JavaScript");
  }
}

/** Has a leg do something. False where it has ended meanwhile: its end is told by an event of its own. */
export function tell(leg, step) {
  const refused = step.begin(leg, leg);
  if (refused === null) return true;
  if (refused.val?.tag === "unknown-leg") return false;
  throw new Refusal(`a command was not queued: ${JSON.stringify(refused.val)}`);
}

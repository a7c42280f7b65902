// What becomes of callers nobody can take (R38 to R40).

import { tell } from "cordboard";
import { play } from "cordboard/audio";
import { dial } from "cordboard/dialling";
import { explain } from "cordboard/explain";
import { reject } from "cordboard/legs";
import { destination } from "cordboard/outside";

const WHY = {
  nobody: { rule: "R38", sentence: "no member is registered, connected and present", cause: "unreachable" },
  full: { rule: "R36 queue-length", sentence: "as many callers wait as may", cause: "busy" },
  expired: { rule: "R36 max-wait", sentence: "the caller has waited for as long as callers may", cause: "no-answer" },
  closed: { rule: "R40 calendar", sentence: "the group is closed now", cause: "unreachable" },
};

/** Takes a call out of the queue, if it is there, and lets it go. */
export function sendAway(turn, call, reason) {
  const { state, settings } = turn;
  const { rule, sentence, cause } = WHY[reason];
  state.calls = state.calls.filter((other) => other !== call);
  explain(rule, sentence);
  const number = reason === "closed" && settings.closedNumber !== null ? settings.closedNumber : overflowNumber(settings);
  if (number !== null) forward(turn, call, number, cause);
  else if (settings.overflow === "hang-up") letGo(call, cause);
  else dissuade(turn, call, cause);
}

const overflowNumber = ({ overflow, overflowNumber: number }) => (overflow === "number" ? number : null);

/** R24 holds for the number too. */
function forward(turn, call, number, cause) {
  const { target, why } = destination(number);
  if (why) {
    explain("R24", `${number}: ${why}`);
    dissuade(turn, call, cause);
    return;
  }
  explain("R39 number", `the caller goes to ${number}`);
  tell(call.leg, dial(target));
  turn.state.calls.push({ leg: call.leg, phase: "forwarded" });
}

function dissuade({ state, settings }, call, cause) {
  if (!call.mayPlay || !settings.dissuasion) {
    letGo(call, cause);
    return;
  }
  explain("R39 dissuasion", "the caller hears that nobody can take the call");
  tell(call.leg, play(settings.dissuasion));
  state.calls.push({ leg: call.leg, phase: "leaving", cause });
}

function letGo({ leg }, cause) {
  explain("R39 hang-up", "the call ends");
  tell(leg, reject(cause));
}

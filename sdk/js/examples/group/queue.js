// Who gets whom (R29, R33), what callers hear until then (R37), and who has waited for long enough (R36, R38).

import { play, tone } from "cordboard/audio";
import { tell } from "cordboard";
import { cancelDial, dial, line } from "cordboard/dialling";
import { explain } from "cordboard/explain";
import { ring } from "cordboard/legs";
import { forget, wakeAt } from "cordboard/timers";

import { anybodyTakesPart, chosen, free, nextEndOfRest } from "./members.js";
import { sendAway } from "./overflow.js";

/** Between two times round: one ring. Members whose phones refuse at once are not rung without pause. */
const PAUSE = 5000;
/** The group's only timer. */
const WAKE = 0;

export const isQueued = (call) => call.phase === "queued";
export const isWaiting = ({ phase }) => phase === "greeting" || phase === "queued" || phase === "ringing";

/** R29: the first who waits gets the first who is free, and so on. */
export function distribute(turn) {
  const isDue = (call) => isQueued(call) && call.notBefore <= turn.now;
  let there = turn.state.calls.some(isDue) ? free(turn) : [];
  for (const call of turn.state.calls) {
    if (isDue(call) && there.length > 0) there = ringFor(turn, call, there);
    if (isQueued(call)) letWait(turn, call);
  }
}

/** Rings whoever is next for this call; those who are free still. */
function ringFor(turn, call, there) {
  const next = chosen(turn, there, call.tried);
  if (next.length === 0) {
    // All who are free were rung: another time round (R36).
    call.tried = [];
    call.notBefore = turn.now + PAUSE;
    return there;
  }
  const names = next.map(({ name }) => name);
  explain(`R33 ${turn.settings.mode}`, `rings ${names.join(", ")}`);
  const queued = tell(call.leg, dial(names.map(line), { seconds: turn.settings.rings * 5, playing: true }));
  if (!queued) return there; // its end is on the way
  Object.assign(call, { phase: "ringing", rings: names, tried: [...call.tried, ...names] });
  return there.filter((member) => !next.includes(member));
}

/** R37: once a caller waits, the announcement plays until somebody answers. */
function letWait({ settings }, call) {
  if (call.hears !== "nothing") return;
  call.hears = "waiting";
  if (!call.mayPlay) {
    tell(call.leg, ring());
    return;
  }
  explain("R37 waiting", `the caller waits and hears ${settings.waiting ? "the announcement" : "ringback"}`);
  tell(call.leg, play(settings.waiting || tone("ringback"), { times: 0 }));
}

/** R36, R38: who has waited for long enough, or for nobody, leaves. */
export function expire(turn) {
  for (const call of [...turn.state.calls]) {
    const expired = call.expires <= turn.now;
    if (call.phase === "ringing" && expired && !call.expired) {
      call.expired = true; // an answer may come first; the outcome tells
      tell(call.leg, cancelDial());
    } else if ((call.phase === "greeting" || isQueued(call)) && expired) {
      sendAway(turn, call, "expired");
    } else if (isQueued(call) && !anybodyTakesPart(turn)) {
      sendAway(turn, call, "nobody");
    }
  }
}

/** Sets the timer to what is due next. */
export function setTimer(turn) {
  const { state, now } = turn;
  const due = state.calls
    .filter(isWaiting)
    .flatMap((call) => (isQueued(call) ? [call.expires, call.notBefore] : [call.expires]));
  if (state.calls.some(isQueued)) due.push(...nextEndOfRest(turn));
  const next = due.filter((at) => at > now).reduce((least, at) => Math.min(least, at), Infinity);
  if (next === (state.wakeAt ?? Infinity)) return;
  if (next === Infinity) forget(WAKE);
  else wakeAt(WAKE, next);
  state.wakeAt = next === Infinity ? null : next;
}

// A hunt group (R29 to R40): one session a group, which holds all its calls. What guests/group has for call centres
// besides (skills, weights, places, call backs, figures) is not here.
//
//     greeting --played--> queued <--nobody answered-- ringing --answered--> talking
//                            | ^------next round------^
//                            +--expired, full, nobody--> leaving, forwarded

import { keyed, tell } from "cordboard";
import { play, tone } from "cordboard/audio";
import { isOpen } from "cordboard/calendars";
import { now } from "cordboard/clock";
import { explain } from "cordboard/explain";
import { hangUp, reject } from "cordboard/legs";
import { log } from "cordboard/log";
import { decode } from "cordboard/utf8";

import { anybodyTakesPart, follow, free, hear, registered } from "./members.js";
import { distribute, expire, isQueued, setTimer } from "./queue.js";
import { sendAway } from "./overflow.js";
import { check, settings } from "./settings.js";

const about = {
  name: "group",
  version: "0.1.0",
  summary: "Hunt group with four ways of distribution and a queue, in JavaScript.",
  settings,
  check,
  interests: { lineChanges: true },
  state: () => ({ calls: [], members: [], last: null, wakeAt: null }),
};

export const guest = keyed(about, {
  before(turn) {
    turn.now = now();
    turn.lines = new Map();
    follow(turn);
  },

  callOffered,
  outcome,
  legEnded,
  lineChanged: (change, turn) => registered(turn, change),

  message({ body }, turn) {
    if (!hear(turn, decode(body))) log("a message that says nothing about a member was dropped");
  },

  timer(_, { state }) {
    state.wakeAt = null;
  },

  after(turn) {
    expire(turn);
    distribute(turn);
    setTimer(turn);
  },
});

function callOffered(offer, turn) {
  const { state, settings } = turn;
  const call = {
    leg: offer.leg,
    expires: turn.now + settings.maxWait * 1000,
    phase: "queued",
    notBefore: turn.now,
    tried: [],
    hears: "nothing",
    mayPlay: offer.soleHolder || offer.answered,
  };
  const waiting = state.calls.filter(isQueued).length;
  const mustQueue = () => waiting > 0 || free(turn).length === 0;
  if (settings.calendar !== null && !isOpen(settings.calendar)) return sendAway(turn, call, "closed");
  if (!anybodyTakesPart(turn)) return sendAway(turn, call, "nobody");
  if (waiting >= settings.queueLength && mustQueue()) return sendAway(turn, call, "full");
  greet(settings, call);
  state.calls.push(call);
}

/** R26: an interruptive greeting plays while phones ring; any other comes to its end first. */
function greet({ greeting, greetingInterruptive }, call) {
  if (!greeting || !call.mayPlay) return;
  tell(call.leg, play(greeting));
  call.hears = "greeting";
  if (greetingInterruptive) return;
  explain("R26 greeting", "the greeting plays to its end, then phones ring");
  call.phase = "greeting";
}

function outcome({ tag: leg, kind }, turn) {
  const call = turn.state.calls.find((other) => other.leg === leg);
  if (!call) return; // the caller hung up before
  if (kind.tag === "dialled") {
    const { tag, val } = kind.val.result;
    if (tag === "answered") answered(turn, call, val);
    else unanswered(turn, call, val);
  } else if (kind.tag === "failed" && call.phase !== "talking") {
    unanswered(turn, call, kind.val);
  } else if (kind.tag === "played" && kind.val.tag === "missing") {
    explain("announcement", `there is no announcement ${kind.val.val}`);
    missing(turn, call);
  } else if (kind.tag === "played" && kind.val.tag !== "stopped") {
    played(turn, call);
  }
}

/** There is no such announcement: the caller goes on without it. */
function missing(turn, call) {
  if (call.hears === "waiting") tell(call.leg, play(tone("ringback"), { times: 0 }));
  else played(turn, call);
}

function played({ state, now }, call) {
  if (call.phase === "leaving") {
    state.calls = state.calls.filter((other) => other !== call);
    tell(call.leg, reject(call.cause));
    return;
  }
  if (call.phase === "greeting") Object.assign(call, { phase: "queued", notBefore: now });
  if (call.hears === "greeting") call.hears = "nothing";
}

function answered({ state }, call, { target, leg }) {
  // By its place in the dial: a line may go by several names.
  const member = call.rings?.[target];
  if (member !== undefined) {
    state.last = member;
    explain("R33", `${member} answered`);
  }
  for (const name of Object.keys(call)) if (name !== "leg") delete call[name];
  Object.assign(call, { phase: "talking", member, callee: leg });
}

function unanswered(turn, call, cause) {
  if (call.phase === "forwarded") {
    turn.state.calls = turn.state.calls.filter((other) => other !== call);
    tell(call.leg, reject(cause));
  } else if (call.phase === "ringing" && call.expired) {
    sendAway(turn, call, "expired");
  } else if (call.phase === "ringing") {
    explain("R33", `${call.rings.join(", ")} did not take the call`);
    Object.assign(call, { phase: "queued", notBefore: turn.now });
    delete call.rings;
  }
}

/** A caller or a member hung up: that ends the call for both. */
function legEnded({ leg }, { state, settings, now }) {
  const call = state.calls.find((other) => other.leg === leg || other.callee === leg);
  if (!call) return;
  state.calls = state.calls.filter((other) => other !== call);
  if (call.phase !== "talking") return;
  tell(call.leg === leg ? call.callee : call.leg, hangUp());
  const member = state.members.find(({ name }) => name === call.member);
  if (member && settings.wrapUp > 0) {
    member.restingUntil = now + settings.wrapUp * 1000;
    explain("R35 wrap-up", `${member.name} has a pause after the call`);
  }
}

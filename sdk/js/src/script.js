// Scripts: one call, told as a story.
//
//     export const guest = script({ name: "door", summary: "…", settings }, function* (call, settings) {
//       yield answer();
//       const { digits } = yield gather("welcome", { digits: 1 });
//       …
//       return hangUp();
//     });
//
// A script never waits: at each event it runs from the top, with what came of its steps before. So it asks about
// nothing but the call, its settings and what the SDK answers.

import { Refusal, guest } from "./guest.js";
import { camel } from "./settings.js";
import { Tape } from "./tape.js";
import { decode, encode } from "./utf8.js";

const OVER = encode("over");

export function script(about, story) {
  return guest(about, {
    scope: "per-call",
    handle(session, state, event) {
      if (state === null) {
        if (event.tag !== "call-offered") throw new Refusal("a script begins with a call");
        const offer = event.val;
        return run(story, { settings: JSON.parse(session.settings), offer, entries: [] }, null);
      }
      const saved = read(state);
      return saved === null ? OVER : goOn(story, saved, event) ?? state;
    },
    migrate(_, state) {
      const saved = read(state);
      return saved === null ? OVER : run(story, saved, null);
    },
  });
}

/** What is kept of a call; null once its script is over. */
function read(state) {
  const text = decode(state);
  if (text === "over") return null;
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal("the state is not of a script in JavaScript");
  }
}

/** The new state, if the event is one that the script waits for. */
function goOn(story, saved, event) {
  if (event.tag === "leg-ended" && event.val.leg === saved.offer.leg) return OVER;
  const steps = saved.entries.filter(([kind]) => kind === "began").length;
  if (event.tag === "outcome" && event.val.tag === steps) return run(story, saved, event.val.kind);
  if (event.tag === "timer" && event.val === steps) return run(story, saved, { tag: "done" });
  return null;
}

/** Runs from the top, through what is on the tape and `arrival`, to where the script waits or ends. */
function run(story, saved, arrival) {
  const { offer, entries } = saved;
  const tape = new Tape(offer, entries);
  const call = Object.freeze({ ...offer });
  const telling = story(call, camel(saved.settings));
  let steps = 0;
  let came;
  for (;;) {
    const { done, value: step } = telling.next(came);
    if (done) return end(tape, step, offer.leg);
    const tag = ++steps;
    const atOnce = tape.next("began", step.print, () => step.begin(tag, offer.leg));
    if (tape.isLive && atOnce === null && arrival === null) return encode(JSON.stringify(saved));
    const take = () => {
      const taken = atOnce ?? arrival;
      if (atOnce === null) arrival = null;
      return taken;
    };
    came = step.read(tape.next("came", "", take));
  }
}

/** How a script ends: by hanging up, by giving the caller back, or, with nothing, by leaving the two who talk alone. */
function end(tape, ending, leg) {
  if (!tape.isLive) throw new Refusal(`the script took another way than before, at entry ${tape.cursor}`);
  ending?.begin(0, leg);
  return OVER;
}

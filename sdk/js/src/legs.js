// The caller's leg.

import * as legs from "cordboard:behaviour/legs@0.1.0";

import { running } from "./tape.js";
import { step, whether } from "./step.js";

/** Tells the caller that it rings. */
export const ring = () => step(["ring"], (tag, leg) => legs.ring(tag, leg), whether);

/** Answers the caller; true once the caller has confirmed. */
export const answer = () => step(["answer"], queueAnswer, whether);

/** A behaviour in front may have answered already. */
const queueAnswer = (tag, leg) => (running()?.offer.answered ? { tag: "done" } : legs.answer(tag, leg));

/** Gives the caller back with a cause; ends a script. */
export const reject = (cause) => step(["reject", cause], (tag, leg) => legs.reject(tag, leg, cause));

/** Ends the leg; ends a script. */
export const hangUp = () => step(["hang-up"], (tag, leg) => legs.hangUp(tag, leg, "normal"));

export const hold = () => step(["hold"], (tag, leg) => legs.hold(tag, leg), whether);
export const resume = () => step(["resume"], (tag, leg) => legs.resume(tag, leg), whether);
export const bridge = (other) => step(["bridge", other], (tag, leg) => legs.bridge(tag, leg, other), whether);

/** The leg that a script tells of. */
export const caller = () => running()?.offer.leg;

// One sentence for people who ask why a call went where it went.

import * as host from "cordboard:behaviour/explain@0.1.0";

import { once } from "./tape.js";

/** `rule` names the rule or the setting (`forward/busy`, `R21`). */
export const explain = (rule, sentence) => once(() => host.because(rule, sentence));

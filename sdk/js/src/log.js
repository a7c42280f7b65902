// Lines for the behaviour's developer, in the session's trace.

import * as host from "cordboard:behaviour/log@0.1.0";

import { once } from "./tape.js";

export const log = (line) => once(() => host.write("info", line));

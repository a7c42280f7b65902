// The tenant's lines.

import * as directory from "cordboard:behaviour/directory@0.1.0";

import { ask } from "./tape.js";

/** The line with this short or full number, as it is now; null when there is none. */
export const find = (name) => ask(`line ${name}`, () => directory.find(name) ?? null);

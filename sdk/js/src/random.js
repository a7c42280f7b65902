// Randomness, seeded by the host for each event. `Math.random()` is the same in every instance: use this.

import * as random from "cordboard:behaviour/random@0.1.0";

import { ask } from "./tape.js";

/** From 0 up to, not including, 1. */
export const chance = () => ask("random", () => Number(random.next()) / 2 ** 64);

// Opening hours.

import * as calendars from "cordboard:behaviour/calendars@0.1.0";

import { ask } from "./tape.js";

const state = (name) => ask(`calendar ${name}`, () => calendars.now(name) ?? null);

/** A calendar that does not exist is never closed. */
export const isOpen = (name) => state(name)?.open ?? true;
export const exists = (name) => state(name) !== null;

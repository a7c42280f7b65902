// The contract's four functions, for scripts and keyed behaviours alike.

import { camel } from "./settings.js";

/** Throw it where an event cannot be handled: no command of the event is carried out, and the host takes the next best. */
export class Refusal extends Error {}

/** What a module exports as `guest`; `handle` and `migrate` give and take states. */
export function guest(about, { handle, migrate, scope }) {
  return {
    describe: () => ({
      name: about.name,
      version: about.version ?? "0.1.0",
      summary: about.summary,
      settingsSchema: JSON.stringify(about.settings.schema()),
      scope: { tag: scope },
      interests: { ringing: false, digits: false, hold: false, lineChanges: false, ...about.interests },
      schedules: Object.entries(about.schedules ?? {}).map(([name, cron]) => ({ name, cron })),
    }),
    check: (settings) => [...(about.check?.(camel(about.settings.complete(JSON.parse(settings)))) ?? [])],
    handle: (session, state, event) => refusing(() => handle(session, state ?? null, event)),
    migrate: (from, state) => refusing(() => migrate(from, state)),
  };
}

/** A result's error is what is thrown. */
function refusing(work) {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) throw { reason: error.message };
    throw error;
  }
}

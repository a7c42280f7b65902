// What a behaviour can do, once: scripts `yield` it (or `yield*` it, which TypeScript knows the result's type of), keyed
// behaviours `tell` a leg.

/**
 * `queue(tag, leg)` asks the host, or returns an outcome where there is nothing to wait for; `read` makes of the outcome
 * what a script gets for it. A command that is not even queued comes back as `{tag: "refused", val}`.
 */
export function step(print, queue, read = () => undefined) {
  return {
    // Only scripts look.
    get print() {
      return JSON.stringify(print);
    },
    begin: (tag, leg) => attempt(() => queue(tag, leg)),
    read,
    *[Symbol.iterator]() {
      return yield this;
    },
  };
}

/** Null, or what came of it at once. */
function attempt(queue) {
  try {
    return queue() ?? null;
  } catch (error) {
    return { tag: "refused", val: errorOf(error) };
  }
}

/** The error of a result, as the host gave it; other errors go on. */
export function errorOf(error) {
  const value = error?.payload ?? error;
  if (value?.tag === undefined) throw error;
  return value;
}

/** Whether it did what it says. */
export const whether = (outcome) => outcome.tag === "done";

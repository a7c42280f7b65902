/** A line for the behaviour's developer, in the session's trace. */
export function log(line: string): void;

/** From 0 up to, not including, 1; seeded by the host for each event. */
export function chance(): number;

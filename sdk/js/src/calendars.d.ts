// Opening hours.

/** A calendar that does not exist is never closed. */
export function isOpen(name: string): boolean;
export function exists(name: string): boolean;

// The tenant's lines.

import type { Instant } from "./types.js";

export interface Line {
  name: string;
  number?: string;
  kind: string;
  site: string;
  owner?: string;
  registered: boolean;
  /** Calls up or ringing now, over all its devices. */
  calls: number;
  capacity: number;
  idleSince?: Instant;
}

/** The line with this short or full number, as it is now. */
export function find(name: string): Line | null;

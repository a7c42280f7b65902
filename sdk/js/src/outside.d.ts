// Where calls may be sent on to. Importing this is the permission to dial outside.

import type { Target } from "./dialling.js";

/** A target to dial, or why calls are not sent there. */
export function destination(typed: string): { target: Target; why?: undefined } | { why: string; target?: undefined };

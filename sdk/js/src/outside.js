// Where calls may be sent on to (R24, R42). Importing this is the permission to dial outside.

import * as trunk from "cordboard:behaviour/trunk@0.1.0";

import { number } from "./dialling.js";
import { classify, normalise } from "./numbers.js";
import { errorOf } from "./step.js";
import { ask } from "./tape.js";

const NO_NUMBER = "this is not a number that can be dialled";

const WHY = {
  emergency: "calls are not sent on to emergency numbers",
  feature: "calls are not sent on to feature codes",
  free: "calls are not sent on to special numbers",
  premium: "calls are not sent on to special numbers",
  world: "calls are not sent on to countries that are not near",
  invalid: NO_NUMBER,
};

const NO_ROUTE = {
  invalid: NO_NUMBER,
  forbidden: "this tenant's behaviours may not call numbers of this kind",
  "no-trunk": "there is no trunk that takes this number",
};

/** `{target}` to dial, or `{why}` calls are not sent there. */
export function destination(typed) {
  const read = normalise(typed);
  if (read === null) return { why: NO_NUMBER };
  const kind = classify(read);
  if (kind === "internal") return { target: number(read) };
  if (WHY[kind]) return { why: WHY[kind] };
  const refused = ask(`route ${read}`, () => route(read));
  return refused === null
    ? { target: { tag: "outside", val: { number: read, trunk: null } } }
    : { why: NO_ROUTE[refused] };
}

/** Null, or why there is no way. */
function route(read) {
  try {
    trunk.route(read);
    return null;
  } catch (error) {
    return errorOf(error).tag;
  }
}

// What every behaviour begins with. What else it may do it says by its imports, each a permission that people see:
// "cordboard/audio", "cordboard/dialling", "cordboard/outside" and so on.

export { script } from "./script.js";
export { keyed, tell } from "./keyed.js";
export { choice, flag, list, number, record, text } from "./settings.js";
export { Refusal } from "./guest.js";

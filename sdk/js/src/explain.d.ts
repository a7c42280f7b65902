// One sentence for people who ask why a call went where it went.

/** `rule` names the rule or the setting (`forward/busy`, `R21`). */
export function explain(rule: string, sentence: string): void;

// Dialling by name: the caller spells, and chooses where several people fit.

import { digits, gather, play, tone } from "cordboard/audio";
import { explain } from "cordboard/explain";

import { fits } from "./keypad.js";
import { giveUp, lead } from "./ways.js";

/** As many letters as anybody spells. */
const LETTERS = 16;
/** As many as there are keys to choose with. */
const CHOICES = 9;

export function* byName(settings) {
  const { prompt, unknown, people } = settings.byName;
  for (let attempt = 0; attempt < settings.attempts; attempt++) {
    const { tag, val: pressed } = yield gather(prompt, { digits: LETTERS, until: "#", within: settings.wait });
    // Who stops spelling has spelt enough.
    if (tag !== "digits" && tag !== "timeout") break;
    const found = people.filter(({ name }) => pressed.length > 1 && fits(name, pressed));
    const person = found.length > 1 ? yield* choose(settings, found.slice(0, CHOICES)) : found[0];
    if (person) return yield* lead(settings, `the name ${person.name}`, person.number);
    if (found.length === 0) {
      explain("by-name", `nobody's name begins with ${pressed}`);
      yield play(unknown);
    }
  }
  return yield* giveUp(settings);
}

/** Says a key before each name. */
function* choose(settings, people) {
  const named = people.flatMap(({ spoken, number }, index) => [
    digits(`${index + 1}`),
    spoken ?? digits(number.replace(/\D/g, "").slice(0, 32)),
  ]);
  explain("by-name", "several names fit: the caller chooses");
  const { tag, val: key } = yield gather([tone("beep"), ...named], { within: settings.wait });
  return tag === "digits" ? people[Number(key) - 1] : undefined;
}

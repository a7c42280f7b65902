// A voice menu (R41 to R43): always answers, two levels, keys 1 to 9, day and night. The same as guests/menu.

import { script } from "cordboard";
import { gather } from "cordboard/audio";
import { isOpen } from "cordboard/calendars";
import { next } from "cordboard/dialling";
import { explain } from "cordboard/explain";
import { answer, reject } from "cordboard/legs";
import { classify } from "cordboard/numbers";

import { byName } from "./by-name.js";
import { check, settings } from "./settings.js";
import { forGood, giveUp, lead } from "./ways.js";

const about = {
  name: "menu",
  version: "0.1.0",
  summary: "Voice menu with two levels, opening hours and retries, in JavaScript.",
  settings,
  check,
};

export const guest = script(about, function* (call, settings) {
  if (!settings.enabled) return yield* pass(call);
  yield answer();
  const level = nowOffered(settings);
  const chosen = yield* choose(settings, level, [settings.byName.key], settings.extensionDigits);
  if (chosen === undefined) return yield* giveUp(settings);
  if (chosen.extension) return yield* lead(settings, `the short number ${chosen.extension}`, chosen.extension);
  if (chosen.other) return yield* byName(settings);
  const { number, submenu } = chosen.entry;
  if (number) return yield* lead(settings, named(chosen.entry), number);
  return submenu ? yield* secondLevel(settings, submenu, named(chosen.entry)) : yield* giveUp(settings);
});

/** A key with its label, for those who read why. */
const named = ({ key, label }) => (label ? `key ${key} (${label})` : `key ${key}`);

/** The switch of R41 is off. */
function* pass(call) {
  explain("enabled", "the menu is switched off");
  return call.hasNext ? yield* forGood(next()) : reject("unreachable");
}

/** R43: day and night have an announcement and keys of their own. */
function nowOffered({ calendar, open, closed }) {
  if (calendar === null) {
    explain("calendar", "the menu has no calendar: it is always open");
    return open;
  }
  if (isOpen(calendar)) {
    explain("calendar", "open now: the menu for opening hours");
    return open;
  }
  explain("calendar", "closed now: the menu for closing time");
  return closed;
}

/** Plays the menu until one of its keys is pressed, or one of the others, or a short number that somebody has. */
function* choose({ attempts, wait }, { greeting, keys }, others, extension) {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const { tag, val } = yield gather(greeting, { digits: extension || 1, within: wait, between: 2 });
    if (tag === "missing") {
      explain("greeting", `there is no announcement ${val}`);
      return undefined;
    }
    const pressed = tag === "digits" || tag === "timeout" ? val : "";
    if (pressed === "") {
      explain("wait", "no key was pressed: the menu plays again");
      continue;
    }
    const entry = keys.find(({ key }) => key === pressed);
    if (entry) return { entry };
    if (others.includes(pressed)) return { other: pressed };
    if (extension > 0 && classify(pressed) === "internal") return { extension: pressed };
    explain("keys", `key ${pressed} leads nowhere: the menu plays again`);
  }
  explain("attempts", "the menu has played as often as it should");
  return undefined;
}

function* secondLevel(settings, submenu, by) {
  explain("submenu", `${by} opens the second level`);
  const chosen = yield* choose(settings, submenu, [], 0);
  return chosen ? yield* lead(settings, named(chosen.entry), chosen.entry.number) : yield* giveUp(settings);
}

// Names, spelt on a telephone's keys (ITU-T E.161).

const KEYS = {
  2: "abcàáâãäåąæçć",
  3: "defèéêëę",
  4: "ghiìíîï",
  5: "jklł",
  6: "mnoñńòóôõöøœ",
  7: "pqrsśß",
  8: "tuvùúûü",
  9: "wxyzýÿźż",
};

const KEY_OF = new Map(Object.entries(KEYS).flatMap(([key, letters]) => [...letters].map((letter) => [letter, key])));

const keyOf = (letter) => {
  if (letter === " " || letter === "-") return " ";
  return letter >= "0" && letter <= "9" ? letter : (KEY_OF.get(letter) ?? "");
};

/** The keys that spell a name; a space between words. */
export const keysOf = (name) => [...name.toLowerCase()].map(keyOf).join("");

/** Whether the keys are the beginning of one of the name's words, or of the name from there on. */
export function fits(name, pressed) {
  const words = keysOf(name).split(" ");
  return words.some((_, from) => words.slice(from).join("").startsWith(pressed));
}

// Greets callers, and rings the reception for key 1.

import { number, record, script, text } from "cordboard";
import { gather, play } from "cordboard/audio";
import { dial, line } from "cordboard/dialling";
import { explain } from "cordboard/explain";
import { answer, hangUp, reject } from "cordboard/legs";

const about = {
  name: "reception",
  version: "0.1.0",
  summary: "Greets callers, and rings the reception for key 1.",
  settings: record({
    greeting: text({ kind: "announcement", default: "welcome", help: "Tells the keys." }),
    reception: text({ kind: "line", default: "201", help: "Who is rung for key 1." }),
    attempts: number({ min: 1, max: 10, default: 3, help: "How often the greeting plays." }),
  }),
};

export const guest = script(about, function* (call, { greeting, reception, attempts }) {
  yield* answer();
  for (let attempt = 0; attempt < attempts; attempt++) {
    const pressed = yield* gather(greeting, { within: 5 });
    if (pressed.val === "1") {
      explain("reception", "key 1 rings the reception");
      const { failed } = yield* dial(line(reception), { seconds: 25 });
      return failed && reject(failed);
    }
  }
  explain("attempts", "nobody pressed 1");
  yield* play("goodbye");
  return hangUp();
});

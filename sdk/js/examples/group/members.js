// What the group knows of its members (R30, R31, R35), and who is free (R32).

import { find } from "cordboard/directory";

/** R30: the list is that of the settings; who is added (again) is present. */
export function follow({ state, settings }) {
  const known = new Map(state.members.map((member) => [member.name, member]));
  state.members = settings.members.map((name) => known.get(name) ?? { name });
}

/** The member with this line, by whichever of its names. */
function called({ state }, name) {
  const exact = state.members.find((member) => member.name === name);
  if (exact) return exact;
  const line = find(name);
  return line && state.members.find((member) => member.name === line.name || member.name === line.number);
}

/** A word about a member: `absent 201`, `present 201`, `disconnect 201`, `connect 201`. False when it is none of these. */
export function hear(turn, text) {
  const [word, name] = text.split(" ");
  const member = called(turn, name ?? "");
  if (!member) return false;
  if (word === "absent") member.absent = true;
  else if (word === "present") delete member.absent;
  else if (word === "disconnect") member.disconnected = true;
  else if (word === "connect") delete member.disconnected;
  else return false;
  return true;
}

/** R31: who registers is connected again. That a line stays registered while its calls change is none. */
export function registered(turn, { line, registered: is }) {
  const member = called(turn, line);
  if (!member) return;
  if (is && member.unregistered) delete member.disconnected;
  if (is) delete member.unregistered;
  else member.unregistered = true;
}

const isIn = (member) => !member.absent && !member.disconnected;

/** What the directory says, asked once an event at most. */
function lineOf({ lines }, { name }) {
  if (!lines.has(name)) lines.set(name, find(name) ?? { registered: false, calls: 0 });
  return lines.get(name);
}

/** R31: registered, connected and present. */
export const anybodyTakesPart = (turn) =>
  turn.state.members.some((member) => isIn(member) && lineOf(turn, member).registered);

/** R32, without those whom a call of this group rings or has; in the order in which they are rung (R33). */
export function free(turn) {
  const { state, settings, now } = turn;
  const occupied = new Set(state.calls.flatMap((call) => call.rings ?? call.member ?? []));
  const there = state.members.filter((member) => {
    if (occupied.has(member.name) || !isIn(member) || (member.restingUntil ?? 0) > now) return false;
    const { registered: is, calls } = lineOf(turn, member);
    return is && calls === 0;
  });
  return inOrder(turn, there, settings.mode);
}

function inOrder(turn, there, mode) {
  const { members, last } = turn.state;
  // A pause is not being free.
  const freeSince = (member) => Math.max(lineOf(turn, member).idleSince ?? 0, member.restingUntil ?? 0);
  const by = (rank) => {
    const ranked = there.map((member) => [rank(member), member]);
    return ranked.sort(([a], [b]) => a - b).map(([, member]) => member);
  };
  if (mode === "free-line") return by(freeSince);
  if (mode !== "cyclic") return there;
  const after = members.findIndex(({ name }) => name === last) + 1;
  const places = new Map(members.map(({ name }, place) => [name, place]));
  return by(({ name }) => Number(places.get(name) < after));
}

/** As many as may ring together. */
const TOGETHER = 64;

/** R33: who is rung, of those who are free and were not tried. */
export function chosen({ settings }, there, tried) {
  const untried = ({ name }) => !tried.includes(name);
  if (settings.mode === "parallel") return there.filter(untried).slice(0, TOGETHER);
  const first = there.find(untried);
  return first ? [first] : [];
}

/** When the next pause is over. */
export const nextEndOfRest = ({ state, now }) =>
  state.members.map((member) => member.restingUntil ?? 0).filter((until) => until > now);

/* What the group knows of its members (R30, R31, R35), who is free (R32), and who is rung first (R33). */

#include <string.h>

#include "group.h"

/* As many as may ring together. */
enum { TOGETHER = 64 };

bool has_seat(const struct seats *seats, size_t seat) { return seats->bits[seat / 8] >> seat % 8 & 1; }
void add_seat(struct seats *seats, size_t seat) { seats->bits[seat / 8] |= (uint8_t)(1 << seat % 8); }

cb_text name_of(const struct group *group, size_t seat) {
  return (cb_text){(uint8_t *)group->member[seat].name, group->member[seat].length};
}

size_t nth_seat(const struct seats *seats, size_t n) {
  for (size_t seat = 0; seat < MEMBERS; seat++)
    if (has_seat(seats, seat) && n-- == 0) return seat;
  return MEMBERS;
}

cb_text names_of(const struct group *group, const struct seats *seats) {
  cb_text names = CB_NONE;
  for (size_t seat = 0; seat < group->members; seat++)
    if (has_seat(seats, seat))
      names = cb_join(names, names.len > 0 ? CB(", ") : CB_NONE, name_of(group, seat));
  return names;
}

/* The place of this name in the list from 1; 0: it is not there. */
static size_t place_of(const struct group *group, cb_text name) {
  for (size_t seat = 0; seat < group->members; seat++)
    if (cb_equal(name_of(group, seat), name)) return seat + 1;
  return 0;
}

static struct seats moved(const struct seats *before, const size_t places[MEMBERS]) {
  struct seats now = {{0}};
  for (size_t seat = 0; seat < MEMBERS; seat++)
    if (has_seat(before, seat) && places[seat] > 0) add_seat(&now, places[seat] - 1);
  return now;
}

/* R30: the list is that of the settings; who is added (again) is present. */
void follow_list(struct turn *turn) {
  struct group *group = turn->group;
  static struct group before;
  const cb_json *names = cb_at(turn->settings, "members");
  bool same = cb_count(names) == group->members;
  size_t seat = 0;
  for (const cb_json *it = cb_first(names); same && it != NULL; it = cb_next(it))
    same = cb_equal(cb_string(it), name_of(group, seat++));
  if (same) return;
  memcpy(&before, group, offsetof(struct group, call));
  group->members = 0;
  for (const cb_json *it = cb_first(names); it != NULL && group->members < MEMBERS; it = cb_next(it)) {
    cb_text name = cb_string(it);
    struct member *member = &group->member[group->members++];
    size_t place = place_of(&before, name);
    if (place > 0) {
      *member = before.member[place - 1];
      continue;
    }
    memset(member, 0, sizeof *member);
    member->length = (uint8_t)(name.len < NAME ? name.len : NAME);
    memcpy(member->name, name.ptr, member->length);
  }
  size_t places[MEMBERS] = {0};
  for (seat = 0; seat < before.members; seat++) places[seat] = place_of(group, name_of(&before, seat));
  group->last = group->last == 0 ? 0 : (uint8_t)places[group->last - 1];
  for (size_t i = 0; i < group->calls; i++) {
    struct call *call = &group->call[i];
    call->tried = moved(&call->tried, places);
    call->rung = moved(&call->rung, places);
    call->member = call->member == 0 ? 0 : (uint8_t)places[call->member - 1];
  }
}

/* The member with this line, by whichever of its names. */
static struct member *called(struct turn *turn, cb_text name) {
  size_t place = place_of(turn->group, name);
  directory_line_t line;
  if (place == 0 && cb_find_line(name, &line)) {
    place = place_of(turn->group, line.name);
    if (place == 0 && line.number.is_some) place = place_of(turn->group, line.number.val);
  }
  return place == 0 ? NULL : &turn->group->member[place - 1];
}

/* `absent 201`, `present 201`, `disconnect 201`, `connect 201`. False when it is none of these. */
bool hear_word(struct turn *turn, cb_text words) {
  size_t length = 0;
  while (length < words.len && words.ptr[length] != ' ') length++;
  if (length == words.len) return false;
  cb_text word = {words.ptr, length}, name = {words.ptr + length + 1, words.len - length - 1};
  struct member *member = called(turn, name);
  if (member == NULL) return false;
  if (cb_equal(word, CB("absent"))) {
    member->absent = true;
  } else if (cb_equal(word, CB("present"))) {
    member->absent = false;
  } else if (cb_equal(word, CB("disconnect"))) {
    member->disconnected = true;
  } else if (cb_equal(word, CB("connect"))) {
    member->disconnected = false;
  } else {
    return false;
  }
  return true;
}

/* R31: who registers is connected again. That a line stays registered while its calls change is none. */
void line_registered(struct turn *turn, cb_text line, bool registered) {
  struct member *member = called(turn, line);
  if (member == NULL) return;
  if (registered && member->unregistered) member->disconnected = false;
  member->unregistered = !registered;
}

static bool is_in(const struct member *member) { return !member->absent && !member->disconnected; }

static const struct seen *look(struct turn *turn, size_t seat) {
  struct seen *seen = &turn->seen[seat];
  directory_line_t line;
  if (!seen->asked && cb_find_line(name_of(turn->group, seat), &line)) {
    seen->registered = line.registered;
    seen->calls = line.calls;
    /* Who never had a call has been free for longest. */
    seen->idle_since = line.idle_since.is_some ? line.idle_since.val : 0;
  }
  seen->asked = true;
  return seen;
}

/* R31: registered, connected and present. */
bool anybody_takes_part(struct turn *turn) {
  for (size_t seat = 0; seat < turn->group->members; seat++)
    if (is_in(&turn->group->member[seat]) && look(turn, seat)->registered) return true;
  return false;
}

/* R32, without those whom a call of this group rings or has. */
struct seats free_members(struct turn *turn) {
  struct group *group = turn->group;
  struct seats occupied = {{0}}, free = {{0}};
  for (size_t i = 0; i < group->calls; i++) {
    const struct call *call = &group->call[i];
    if (call->phase == TALKING && call->member > 0) add_seat(&occupied, call->member - 1);
    if (call->phase == RINGING)
      for (size_t byte = 0; byte < SEAT_BYTES; byte++) occupied.bits[byte] |= call->rung.bits[byte];
  }
  for (size_t seat = 0; seat < group->members; seat++) {
    const struct member *member = &group->member[seat];
    if (has_seat(&occupied, seat) || !is_in(member) || member->resting_until > turn->now) continue;
    if (look(turn, seat)->registered && look(turn, seat)->calls == 0) add_seat(&free, seat);
  }
  return free;
}

/* Least first; equals in the order of the list. */
static uint64_t rank(struct turn *turn, cb_text mode, size_t seat) {
  if (cb_equal(mode, CB("cyclic"))) return seat < turn->group->last;
  if (!cb_equal(mode, CB("free-line"))) return 0;
  /* A pause is not being free. */
  uint64_t idle = look(turn, seat)->idle_since, rested = turn->group->member[seat].resting_until;
  return idle > rested ? idle : rested;
}

struct seats first_of(struct turn *turn, const struct seats *untried) {
  cb_text mode = cb_text_at(turn->settings, "mode", CB("free-line"));
  bool parallel = cb_equal(mode, CB("parallel"));
  struct seats chosen = {{0}};
  size_t best = MEMBERS, count = 0;
  for (size_t seat = 0; seat < turn->group->members; seat++) {
    if (!has_seat(untried, seat)) continue;
    if (parallel && count++ < TOGETHER) add_seat(&chosen, seat);
    if (best == MEMBERS || rank(turn, mode, seat) < rank(turn, mode, best)) best = seat;
  }
  if (!parallel && best < MEMBERS) add_seat(&chosen, best);
  return chosen;
}

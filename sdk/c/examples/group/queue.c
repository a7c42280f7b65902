/* Who gets whom (R29, R33), what callers hear until then (R37), and who has waited for long enough (R36, R38). */

#include <stdlib.h>
#include <string.h>

#include "group.h"

/* Between two times round: one ring. */
enum { PAUSE = 5000, RING = 5000, WAKE = 0 };

size_t queued(const struct group *group) {
  size_t count = 0;
  for (size_t i = 0; i < group->calls; i++) count += group->call[i].phase == QUEUED;
  return count;
}

static bool is_empty(const struct seats *seats) { return nth_seat(seats, 0) == MEMBERS; }

/* These without those. */
static struct seats without(struct seats these, const struct seats *those) {
  for (size_t byte = 0; byte < SEAT_BYTES; byte++) these.bits[byte] &= (uint8_t)~those->bits[byte];
  return these;
}

/* Rings them for the caller; false when its end is on the way. */
static bool ring_members(struct turn *turn, struct call *call, const struct seats *chosen) {
  cb_target targets[MEMBERS];
  size_t count = 0;
  for (size_t seat = 0; seat < turn->group->members; seat++)
    if (has_seat(chosen, seat)) targets[count++] = cb_line(name_of(turn->group, seat));
  cb_text mode = cb_text_at(turn->settings, "mode", CB("free-line"));
  cb_explain(cb_join(CB("R33 "), mode), cb_join(CB("rings "), names_of(turn->group, chosen)));
  return cb_dial_playing(call->leg, targets, count, cb_number_at(turn->settings, "rings", 5) * RING);
}

/* Rings whoever is next for this call, and takes them out of those who are free. */
static void ring_for(struct turn *turn, struct call *call, struct seats *free) {
  struct seats untried = without(*free, &call->tried);
  struct seats chosen = first_of(turn, &untried);
  if (is_empty(&chosen)) {
    /* All who are free were rung: another time round (R36). */
    memset(&call->tried, 0, sizeof call->tried);
    call->not_before = turn->now + PAUSE;
    return;
  }
  if (!ring_members(turn, call, &chosen)) return;
  call->phase = RINGING;
  call->rung = chosen;
  for (size_t byte = 0; byte < SEAT_BYTES; byte++) call->tried.bits[byte] |= chosen.bits[byte];
  *free = without(*free, &chosen);
}

/* R37: once a caller waits, the announcement plays until somebody answers. */
static void let_wait(struct turn *turn, struct call *call) {
  if (call->hears != NOTHING) return;
  call->hears = WAITING;
  if (!call->may_play) {
    cb_ring(call->leg);
    return;
  }
  cb_text waiting = cb_text_at(turn->settings, "waiting", CB_NONE);
  cb_sound sound = waiting.len > 0 ? cb_announcement(waiting) : cb_tone(AUDIO_TONE_RINGBACK);
  cb_explain(CB("R37 waiting"), waiting.len > 0 ? CB("the caller waits and hears the announcement")
                                                : CB("the caller waits and hears ringback"));
  cb_play(call->leg, &sound, 1, 0);
}

static bool is_due(const struct turn *turn, const struct call *call) {
  return call->phase == QUEUED && call->not_before <= turn->now;
}

/* R29: the first who waits gets the first who is free, and so on. */
void distribute(struct turn *turn) {
  struct group *group = turn->group;
  struct seats free = {{0}};
  bool asked = false;
  for (size_t i = 0; i < group->calls; i++) {
    struct call *call = &group->call[i];
    if (is_due(turn, call)) {
      if (!asked) free = free_members(turn);
      asked = true;
      if (!is_empty(&free)) ring_for(turn, call, &free);
    }
    if (call->phase == QUEUED) let_wait(turn, call);
  }
}

static void leaves(struct turn *turn, size_t index, enum why why) {
  struct call call = turn->group->call[index];
  remove_call(turn->group, index);
  send_away(turn, call, why);
}

/* R36, R38: who has waited for long enough, or for nobody, leaves. */
void expire(struct turn *turn) {
  for (size_t i = 0; i < turn->group->calls;) {
    struct call *call = &turn->group->call[i];
    bool expired = call->expires <= turn->now;
    if ((call->phase == QUEUED || call->phase == GREETING) && expired) {
      leaves(turn, i, EXPIRED);
    } else if (call->phase == QUEUED && !anybody_takes_part(turn)) {
      leaves(turn, i, NOBODY);
    } else {
      if (call->phase == RINGING && expired && !call->expired) {
        call->expired = true; /* an answer may come first; the outcome tells */
        cb_cancel_dial(call->leg);
      }
      i++;
    }
  }
}

static void sooner(const struct turn *turn, uint64_t at, uint64_t *next) {
  if (at > turn->now && (*next == 0 || at < *next)) *next = at;
}

/* Sets the timer to what is due next. */
void set_timer(struct turn *turn) {
  struct group *group = turn->group;
  uint64_t next = 0;
  for (size_t i = 0; i < group->calls; i++) {
    const struct call *call = &group->call[i];
    if (call->phase <= RINGING) sooner(turn, call->expires, &next);
    if (call->phase == QUEUED) sooner(turn, call->not_before, &next);
  }
  for (size_t seat = 0; queued(group) > 0 && seat < group->members; seat++)
    sooner(turn, group->member[seat].resting_until, &next);
  if (next == group->wake_at) return;
  if (next == 0) {
    cb_timer_cancel(WAKE);
  } else {
    cb_timer_at(WAKE, next);
  }
  group->wake_at = next;
}

/* What becomes of callers nobody can take (R38 to R40). */

#include <string.h>

#include "group.h"

static cb_text rule(enum why why) {
  switch (why) {
    case NOBODY: return CB("R38");
    case FULL: return CB("R36 queue-length");
    case EXPIRED: return CB("R36 max-wait");
    default: return CB("R40 calendar");
  }
}

static cb_text sentence(enum why why) {
  switch (why) {
    case NOBODY: return CB("no member is registered, connected and present");
    case FULL: return CB("as many callers wait as may");
    case EXPIRED: return CB("the caller has waited for as long as callers may");
    default: return CB("the group is closed now");
  }
}

/* What a behaviour in front is told. */
static cb_cause cause(enum why why) {
  switch (why) {
    case FULL: return CB_BUSY;
    case EXPIRED: return CB_NO_ANSWER;
    default: return CB_UNREACHABLE;
  }
}

void remove_call(struct group *group, size_t index) {
  group->calls--;
  memmove(&group->call[index], &group->call[index + 1], (group->calls - index) * sizeof group->call[0]);
}

/* Back into the list, at its end, until what was begun for it is over. There is room: it was taken out of the list, or
 * a call is not taken in where there is none. */
static void keep(struct group *group, struct call call, enum phase phase) {
  if (group->calls == CALLS) return;
  call.phase = (uint8_t)phase;
  group->call[group->calls++] = call;
}

static void let_go(const struct call *call, enum why why) {
  cb_explain(CB("R39 hang-up"), CB("the call ends"));
  cb_reject(call->leg, cause(why));
}

static void dissuade(struct turn *turn, struct call call, enum why why) {
  cb_text dissuasion = cb_text_at(turn->settings, "dissuasion", CB_NONE);
  if (!call.may_play || dissuasion.len == 0) {
    let_go(&call, why);
    return;
  }
  cb_sound sound = cb_announcement(dissuasion);
  cb_explain(CB("R39 dissuasion"), CB("the caller hears that nobody can take the call"));
  cb_play(call.leg, &sound, 1, 1);
  call.cause = cause(why);
  keep(turn->group, call, LEAVING);
}

/* R24 holds for the number too. */
static void forward(struct turn *turn, struct call call, cb_text number, enum why why) {
  cb_target target;
  const char *refused = cb_destination(number, &target);
  if (refused != NULL) {
    cb_explain(CB("R24"), cb_join(number, CB(": "), cb_text_of(refused)));
    dissuade(turn, call, why);
    return;
  }
  cb_explain(CB("R39 number"), cb_join(CB("the caller goes to "), number));
  cb_dial(call.leg, &target, 1, 0);
  keep(turn->group, call, FORWARDED);
}

void send_away(struct turn *turn, struct call call, enum why why) {
  cb_text overflow = cb_text_at(turn->settings, "overflow", CB("dissuasion"));
  cb_text number = cb_text_at(turn->settings, "closed-number", CB_NONE);
  if (why != CLOSED || number.len == 0) {
    bool to_number = cb_equal(overflow, CB("number"));
    number = to_number ? cb_text_at(turn->settings, "overflow-number", CB_NONE) : CB_NONE;
  }
  cb_explain(rule(why), sentence(why));
  if (number.len > 0) {
    forward(turn, call, number, why);
  } else if (cb_equal(overflow, CB("hang-up"))) {
    let_go(&call, why);
  } else {
    dissuade(turn, call, why);
  }
}

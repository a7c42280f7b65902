/* A hunt group (R29 to R40): one session a group, which holds all its calls. What guests/group has for call centres
 * besides (skills, weights, places, call backs, figures) is not here. */

#include "group.h"

#include <stdlib.h>
#include <string.h>

static const char SCHEMA[] = CB_SCHEMA({"type":"object","properties":{
  "members":{"type":"array","title":"Members","description":"Lines of the group, in the order in which they are rung.","maxItems":100,"items":{"type":"string","x-kind":"line","maxLength":32},"default":[]},
  "mode":{"type":"string","title":"Mode","description":"Who is rung first.","enum":["free-line","linear","cyclic","parallel"],"default":"free-line"},
  "rings":{"type":"integer","title":"Rings","description":"How often a member's phone rings before the next one's does.","minimum":1,"maximum":10,"default":5},
  "wrap-up":{"type":"integer","title":"Wrap up","description":"Pause for a member after each call.","x-unit":"s","minimum":0,"maximum":3600,"default":0},
  "queue-length":{"type":"integer","title":"Queue length","description":"How many callers may wait.","minimum":0,"maximum":50,"default":20},
  "max-wait":{"type":"integer","title":"Max wait","description":"How long a caller may wait.","x-unit":"s","minimum":10,"maximum":3600,"default":300},
  "greeting":{"type":["string","null"],"title":"Greeting","description":"Heard first; none: nothing.","x-kind":"announcement","default":"welcome"},
  "greeting-interruptive":{"type":"boolean","title":"Greeting interruptive","description":"The phones ring during the greeting, and an answer cuts it.","default":true},
  "waiting":{"type":["string","null"],"title":"Waiting","description":"Heard by callers who wait; none: ringback.","x-kind":"announcement","default":"please-wait"},
  "overflow":{"type":"string","title":"Overflow","description":"What becomes of callers nobody can take.","enum":["dissuasion","hang-up","number"],"default":"dissuasion"},
  "dissuasion":{"type":"string","title":"Dissuasion","description":"Heard by callers nobody can take.","x-kind":"announcement","default":"all-busy"},
  "overflow-number":{"type":["string","null"],"title":"Overflow number","description":"Where callers go that nobody can take.","x-kind":"number","maxLength":64,"default":null},
  "calendar":{"type":["string","null"],"title":"Calendar","description":"Opening hours.","x-kind":"calendar","default":null},
  "closed-number":{"type":["string","null"],"title":"Closed number","description":"Where calls go outside of opening hours; none: as if nobody could take them.","x-kind":"number","maxLength":64,"default":null}
},"additionalProperties":false});

/* R26: an interruptive greeting plays while phones ring; any other comes to its end first. */
static void greet(struct turn *turn, struct call *call) {
  cb_text greeting = cb_text_at(turn->settings, "greeting", CB_NONE);
  if (greeting.len == 0 || !call->may_play) return;
  cb_sound sound = cb_announcement(greeting);
  cb_play(call->leg, &sound, 1, 1);
  call->hears = THE_GREETING;
  if (cb_bool_at(turn->settings, "greeting-interruptive", true)) return;
  cb_explain(CB("R26 greeting"), CB("the greeting plays to its end, then phones ring"));
  call->phase = GREETING;
}

static bool anybody_is_free(struct turn *turn) {
  struct seats free = free_members(turn);
  return nth_seat(&free, 0) < MEMBERS;
}

static void offered(struct turn *turn, const cb_offer *offer) {
  struct group *group = turn->group;
  struct call call = {
      .leg = offer->leg,
      .expires = turn->now + cb_number_at(turn->settings, "max-wait", 300) * 1000,
      .not_before = turn->now,
      .phase = QUEUED,
      .may_play = offer->sole_holder || offer->answered,
  };
  cb_text calendar = cb_text_at(turn->settings, "calendar", CB_NONE);
  size_t waiting = queued(group);
  bool full = waiting >= cb_number_at(turn->settings, "queue-length", 20);
  if (calendar.len > 0 && !cb_is_open(calendar)) {
    send_away(turn, call, CLOSED);
  } else if (!anybody_takes_part(turn)) {
    send_away(turn, call, NOBODY);
  } else if (group->calls == CALLS || (full && (waiting > 0 || !anybody_is_free(turn)))) {
    send_away(turn, call, FULL);
  } else {
    greet(turn, &call);
    group->call[group->calls++] = call;
  }
}

static void answered(struct turn *turn, struct call *call, const events_dial_answer_t *answer) {
  /* By its place in the dial: a line may go by several names. */
  size_t seat = call->phase == RINGING ? nth_seat(&call->rung, answer->target) : MEMBERS;
  *call = (struct call){.leg = call->leg, .callee = answer->leg, .phase = TALKING};
  if (seat == MEMBERS) return;
  call->member = turn->group->last = (uint8_t)(seat + 1);
  cb_explain(CB("R33"), cb_join(name_of(turn->group, seat), CB(" answered")));
}

static void unanswered(struct turn *turn, size_t index, cb_cause cause) {
  struct call *call = &turn->group->call[index], gone = *call;
  if (call->phase == FORWARDED) {
    remove_call(turn->group, index);
    cb_reject(gone.leg, cause);
  } else if (call->phase == RINGING && call->expired) {
    remove_call(turn->group, index);
    send_away(turn, gone, EXPIRED);
  } else if (call->phase == RINGING) {
    cb_explain(CB("R33"), cb_join(names_of(turn->group, &call->rung), CB(" did not take the call")));
    call->phase = QUEUED;
    call->not_before = turn->now;
  }
}

static void played(struct turn *turn, size_t index) {
  struct call *call = &turn->group->call[index];
  if (call->phase == LEAVING) {
    struct call gone = *call;
    remove_call(turn->group, index);
    cb_reject(gone.leg, gone.cause);
    return;
  }
  if (call->phase == GREETING) {
    call->phase = QUEUED;
    call->not_before = turn->now;
  }
  if (call->hears == THE_GREETING) call->hears = NOTHING;
}

/* There is no such announcement: the caller goes on without it. */
static void missing(struct turn *turn, size_t index, cb_text name) {
  struct call *call = &turn->group->call[index];
  cb_explain(CB("announcement"), cb_join(CB("there is no announcement "), name));
  if (call->hears == WAITING && (call->phase == QUEUED || call->phase == RINGING)) {
    cb_sound ringback = cb_tone(AUDIO_TONE_RINGBACK);
    cb_play(call->leg, &ringback, 1, 0);
  } else {
    played(turn, index);
  }
}

static void outcome(struct turn *turn, const cb_outcome *outcome) {
  struct group *group = turn->group;
  size_t index = 0;
  while (index < group->calls && group->call[index].leg != outcome->tag) index++;
  if (index == group->calls) return; /* the caller hung up before */
  const events_outcome_kind_t *kind = &outcome->kind;
  const events_dial_result_t *result = &kind->val.dialled.result;
  switch (kind->tag) {
    case EVENTS_OUTCOME_KIND_DIALLED:
      if (result->tag == EVENTS_DIAL_RESULT_ANSWERED) {
        answered(turn, &group->call[index], &result->val.answered);
      } else {
        unanswered(turn, index, result->val.failed);
      }
      break;
    case EVENTS_OUTCOME_KIND_FAILED: unanswered(turn, index, kind->val.failed); break;
    case EVENTS_OUTCOME_KIND_PLAYED:
      if (kind->val.played.tag == EVENTS_PLAY_OUTCOME_MISSING) {
        missing(turn, index, kind->val.played.val.missing);
      } else if (kind->val.played.tag != EVENTS_PLAY_OUTCOME_STOPPED) {
        played(turn, index);
      }
      break;
    default: break;
  }
}

/* A caller or a member hung up: that ends the call for both. */
static void leg_ended(struct turn *turn, cb_leg leg) {
  struct group *group = turn->group;
  size_t index = 0;
  while (index < group->calls && group->call[index].leg != leg && group->call[index].callee != leg) index++;
  if (index == group->calls) return;
  struct call call = group->call[index];
  remove_call(group, index);
  if (call.phase != TALKING) return;
  cb_hang_up(call.leg == leg ? call.callee : call.leg);
  uint64_t pause = cb_number_at(turn->settings, "wrap-up", 0) * 1000;
  if (call.member == 0 || pause == 0) return;
  group->member[call.member - 1].resting_until = turn->now + pause;
  cb_explain(CB("R35 wrap-up"), cb_join(name_of(group, call.member - 1), CB(" has a pause after the call")));
}

static void heard(struct turn *turn, behaviour_list_u8_t body) {
  if (!hear_word(turn, (cb_text){body.ptr, body.len})) cb_log(CB("a message that says nothing about a member was dropped"));
}

static const char *handle(void *state, const cb_session *session, const cb_event *event) {
  static struct turn turn; /* all zeros: it lives for one event */
  turn.group = state;
  turn.settings = session->settings;
  turn.now = cb_now();
  follow_list(&turn);
  switch (event->tag) {
    case CB_CALL_OFFERED: offered(&turn, &event->val.call_offered); break;
    case CB_OUTCOME: outcome(&turn, &event->val.outcome); break;
    case CB_LEG_ENDED: leg_ended(&turn, event->val.leg_ended.leg); break;
    case CB_LINE_CHANGED:
      line_registered(&turn, event->val.line_changed.line, event->val.line_changed.registered);
      break;
    case CB_MESSAGE: heard(&turn, event->val.message.body); break;
    case CB_TIMER: turn.group->wake_at = 0; break;
    default: break;
  }
  expire(&turn);
  distribute(&turn);
  set_timer(&turn);
  return NULL;
}

static size_t used(const void *state) {
  const struct group *group = state;
  return offsetof(struct group, call) + group->calls * sizeof group->call[0];
}

const struct cb_behaviour cb_behaviour = {
    .name = "group",
    .version = "0.1.0",
    .summary = "Hunt group with four ways of distribution and a queue, in C.",
    .settings = SCHEMA,
    .per_number = true,
    .interests = EXPORTS_CORDBOARD_BEHAVIOUR_GUEST_INTERESTS_LINE_CHANGES,
    .state = sizeof(struct group),
    .state_version = 1,
    .state_used = used,
    .check = check,
    .handle = handle,
};

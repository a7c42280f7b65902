/* Rings one line, and says good-bye when nobody answers. */

#include <cordboard.h>

/* What is kept between events; all zeros at first. */
struct handset {
  cb_leg caller;
};

static void offered(struct handset *call, const cb_session *session, const cb_offer *offer) {
  cb_target line = cb_line(cb_text_at(session->settings, "line", CB("201")));
  call->caller = offer->leg;
  cb_explain(CB("line"), CB("the line rings for 20 s"));
  cb_dial(call->caller, &line, 1, 20000);
}

static void outcome(struct handset *call, const events_outcome_kind_t *kind) {
  if (kind->tag == EVENTS_OUTCOME_KIND_DIALLED && kind->val.dialled.result.tag == EVENTS_DIAL_RESULT_FAILED) {
    cb_sound goodbye = cb_announcement(CB("goodbye"));
    cb_play(call->caller, &goodbye, 1, 1);
  } else if (kind->tag == EVENTS_OUTCOME_KIND_PLAYED) {
    cb_hang_up(call->caller);
  }
}

static const char *handle(void *state, const cb_session *session, const cb_event *event) {
  if (event->tag == CB_CALL_OFFERED) offered(state, session, &event->val.call_offered);
  if (event->tag == CB_OUTCOME) outcome(state, &event->val.outcome.kind);
  return NULL;
}

const struct cb_behaviour cb_behaviour = {
    .name = "handset",
    .version = "0.1.0",
    .summary = "Rings one line.",
    .settings = CB_SCHEMA({"type":"object","properties":{
      "line":{"type":"string","title":"Line","description":"Who answers.","x-kind":"line","default":"201"}
    },"additionalProperties":false}),
    .state = sizeof(struct handset),
    .state_version = 1,
    .handle = handle,
};

/* The contract's four functions, for the behaviour that the project defines.
 *
 * A saved state is the version of its struct, then the struct. */

#include <cordboard.h>
#include <stdlib.h>
#include <string.h>

typedef exports_cordboard_behaviour_guest_refusal_t refusal;

void exports_cordboard_behaviour_guest_describe(exports_cordboard_behaviour_guest_manifest_t *manifest) {
  *manifest = (exports_cordboard_behaviour_guest_manifest_t){
      .name = cb_text_of(cb_behaviour.name),
      .version = cb_text_of(cb_behaviour.version),
      .summary = cb_text_of(cb_behaviour.summary),
      .settings_schema = cb_text_of(cb_behaviour.settings),
      .scope.tag = cb_behaviour.per_number ? EXPORTS_CORDBOARD_BEHAVIOUR_GUEST_SESSION_SCOPE_PER_NUMBER
                                           : EXPORTS_CORDBOARD_BEHAVIOUR_GUEST_SESSION_SCOPE_PER_CALL,
      .interests = cb_behaviour.interests,
  };
}

void cb_problem(cb_problems *problems, cb_text path, cb_text message) {
  problems->ptr = realloc(problems->ptr, (problems->len + 1) * sizeof *problems->ptr);
  if (problems->ptr == NULL) abort();
  problems->ptr[problems->len++] = (exports_cordboard_behaviour_guest_problem_t){path, message};
}

void exports_cordboard_behaviour_guest_check(cb_text *settings, cb_problems *problems) {
  *problems = (cb_problems){NULL, 0};
  const cb_json *read = cb_json_read(*settings);
  if (read == NULL) {
    cb_problem(problems, CB_NONE, CB("the settings cannot be read"));
  } else if (cb_behaviour.check != NULL) {
    cb_behaviour.check(read, problems);
  }
}

static bool refuse(refusal *refusal, const char *reason) {
  refusal->reason = cb_text_of(reason);
  return false;
}

static bool is_ours(const behaviour_list_u8_t *state) {
  return state->len >= 4 && state->len <= 4 + cb_behaviour.state &&
         memcmp(state->ptr, &cb_behaviour.state_version, 4) == 0;
}

bool exports_cordboard_behaviour_guest_handle(exports_cordboard_behaviour_guest_session_t *said,
                                              behaviour_list_u8_t *before, cb_event *event,
                                              behaviour_list_u8_t *after, refusal *refused) {
  cb_session session = {said->id, said->behaviour, said->number, cb_json_read(said->settings)};
  if (session.settings == NULL) return refuse(refused, "the settings cannot be read");
  /* Room for both parts; the struct is aligned as malloc aligns. */
  uint8_t *block = malloc(8 + cb_behaviour.state);
  if (block == NULL) abort();
  uint8_t *state = block + 8;
  memset(state, 0, cb_behaviour.state);
  if (before != NULL) {
    if (!is_ours(before)) return refuse(refused, "the state is not of this version of the behaviour");
    memcpy(state, before->ptr + 4, before->len - 4);
  }
  const char *reason = cb_behaviour.handle(state, &session, event);
  if (reason != NULL) return refuse(refused, reason);
  memcpy(state - 4, &cb_behaviour.state_version, 4);
  size_t used = cb_behaviour.state_used == NULL ? cb_behaviour.state : cb_behaviour.state_used(state);
  *after = (behaviour_list_u8_t){state - 4, used + 4};
  return true;
}

bool exports_cordboard_behaviour_guest_migrate(cb_text *from_version, behaviour_list_u8_t *before,
                                               behaviour_list_u8_t *after, refusal *refused) {
  (void)from_version;
  if (!is_ours(before)) return refuse(refused, "the state is not of this version of the behaviour");
  *after = *before;
  return true;
}

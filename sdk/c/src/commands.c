/* Commands and questions, with the leg as the tag of its commands. */

#include <cordboard.h>
#include <string.h>

static types_command_error_t ignored;

bool cb_ring(cb_leg leg) { return legs_ring(leg, leg, &ignored); }
bool cb_answer(cb_leg leg) { return legs_answer(leg, leg, &ignored); }
bool cb_reject(cb_leg leg, cb_cause cause) { return legs_reject(leg, leg, cause, &ignored); }
bool cb_hang_up(cb_leg leg) { return legs_hang_up(leg, leg, CB_NORMAL, &ignored); }

cb_sound cb_announcement(cb_text name) {
  return (cb_sound){.tag = AUDIO_SOUND_ANNOUNCEMENT, .val.announcement = name};
}

cb_sound cb_tone(audio_tone_t tone) { return (cb_sound){.tag = AUDIO_SOUND_TONE, .val.tone = tone}; }

cb_sound cb_digits(cb_text digits) { return (cb_sound){.tag = AUDIO_SOUND_DIGITS, .val.digits = digits}; }

static audio_list_sound_t list(const cb_sound *sounds, size_t count) {
  return (audio_list_sound_t){(audio_sound_t *)sounds, count};
}

bool cb_play(cb_leg leg, const cb_sound *sounds, size_t count, uint32_t times) {
  audio_list_sound_t all = list(sounds, count);
  audio_play_options_t options = {.times = times, .barge_in = false};
  return audio_play(leg, leg, &all, &options, &ignored);
}

bool cb_gather(cb_leg leg, struct cb_gather what) {
  audio_gather_options_t options = {
      .prompt = list(what.prompt, what.prompts),
      .barge_in = true,
      .max_digits = what.digits == 0 ? 1 : what.digits,
      .terminators = what.until,
      .first_digit = what.within,
      .between_digits = what.between,
  };
  return audio_gather(leg, leg, &options, &ignored);
}

cb_target cb_line(cb_text name) { return (cb_target){.tag = DIALLING_TARGET_LINE, .val.line = name}; }
cb_target cb_through_plan(cb_text number) { return (cb_target){.tag = DIALLING_TARGET_NUMBER, .val.number = number}; }
cb_target cb_following(void) { return (cb_target){.tag = DIALLING_TARGET_NEXT}; }

static bool dial(cb_leg leg, const cb_target *targets, size_t count, uint64_t ring_for, dialling_hears_t hears) {
  dialling_stage_t stage = {{(dialling_target_t *)targets, count}, ring_for};
  dialling_list_stage_t stages = {&stage, 1};
  dialling_options_t options = {.hears = hears, .shown.tag = DIALLING_SHOWN_CALLER, .alert.is_some = false};
  return dialling_dial(leg, &leg, &stages, &options, &ignored);
}

bool cb_dial(cb_leg leg, const cb_target *targets, size_t count, uint64_t ring_for) {
  return dial(leg, targets, count, ring_for, DIALLING_HEARS_RINGBACK);
}

bool cb_dial_playing(cb_leg leg, const cb_target *targets, size_t count, uint64_t ring_for) {
  return dial(leg, targets, count, ring_for, DIALLING_HEARS_UNCHANGED);
}

bool cb_cancel_dial(cb_leg leg) { return dialling_cancel(leg, &ignored); }

static const char *outside(cb_text number, cb_target *target) {
  types_number_class_t class;
  trunk_route_error_t error;
  if (trunk_route(&number, &class, &error)) {
    *target = (cb_target){.tag = DIALLING_TARGET_OUTSIDE, .val.outside.number = number};
    return NULL;
  }
  switch (error.tag) {
    case TRUNK_ROUTE_ERROR_FORBIDDEN: return "this tenant's behaviours may not call numbers of this kind";
    case TRUNK_ROUTE_ERROR_NO_TRUNK: return "there is no trunk that takes this number";
    default: return "this is not a number that can be dialled";
  }
}

const char *cb_destination(cb_text typed, cb_target *target) {
  cb_text number;
  if (!numbers_normalise(&typed, &number)) return "this is not a number that can be dialled";
  switch (numbers_classify(&number)) {
    case TYPES_NUMBER_CLASS_INTERNAL: *target = cb_through_plan(number); return NULL;
    case TYPES_NUMBER_CLASS_FIXED:
    case TYPES_NUMBER_CLASS_MOBILE:
    case TYPES_NUMBER_CLASS_NEAR_ABROAD: return outside(number, target);
    case TYPES_NUMBER_CLASS_EMERGENCY: return "calls are not sent on to emergency numbers";
    case TYPES_NUMBER_CLASS_FEATURE: return "calls are not sent on to feature codes";
    case TYPES_NUMBER_CLASS_FREE:
    case TYPES_NUMBER_CLASS_PREMIUM: return "calls are not sent on to special numbers";
    case TYPES_NUMBER_CLASS_WORLD: return "calls are not sent on to countries that are not near";
    default: return "this is not a number that can be dialled";
  }
}

bool cb_find_line(cb_text name, directory_line_t *line) { return directory_find(&name, line); }
types_number_class_t cb_classify(cb_text number) { return numbers_classify(&number); }

bool cb_has_calendar(cb_text name) {
  calendars_state_t state;
  return calendars_now(&name, &state);
}

bool cb_is_open(cb_text calendar) {
  calendars_state_t state;
  return !calendars_now(&calendar, &state) || state.open;
}

uint64_t cb_now(void) { return clock_now(); }
uint64_t cb_random(void) { return random_next(); }
bool cb_timer_at(uint64_t tag, uint64_t instant) { return timers_at(tag, instant, &ignored); }
bool cb_timer_cancel(uint64_t tag) { return timers_cancel(tag, &ignored); }
void cb_explain(cb_text rule, cb_text sentence) { explain_because(&rule, &sentence); }
void cb_log(cb_text line) { log_write(LOG_LEVEL_INFO, &line); }

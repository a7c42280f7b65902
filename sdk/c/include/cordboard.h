/* Telephone behaviours in C.
 *
 * A behaviour is woken with one event and its state, queues commands, and returns; nothing else lives on. What waits
 * comes back as another event. A function that you do not call is a permission that nobody has to give.
 *
 *     #include <cordboard.h>
 *
 *     static const char *handle(void *state, const cb_session *session, const cb_event *event) {
 *       if (event->tag == CB_CALL_OFFERED) cb_reject(event->val.call_offered.leg, CB_BUSY);
 *       return NULL;
 *     }
 *
 *     const struct cb_behaviour cb_behaviour = {
 *         .name = "engaged", .version = "0.1.0", .summary = "Everybody is busy.",
 *         .settings = CB_SCHEMA({"type":"object","properties":{}}),
 *         .handle = handle,
 *     };
 *
 * Memory is handed out and never taken back: the instance ends with the event.
 */
#ifndef CORDBOARD_H
#define CORDBOARD_H

#include <behaviour.h>

/* Text: UTF-8, with its length and without a zero at its end. */

typedef behaviour_string_t cb_text;

#define CB(literal) ((cb_text){(uint8_t *)(literal), sizeof(literal) - 1})
#define CB_NONE ((cb_text){NULL, 0})

cb_text cb_text_of(const char *zero_terminated);
bool cb_equal(cb_text a, cb_text b);
bool cb_begins(cb_text text, cb_text with);
cb_text cb_join_all(const cb_text *parts, size_t count);
#define cb_join(...) cb_join_all((const cb_text[]){__VA_ARGS__}, sizeof((const cb_text[]){__VA_ARGS__}) / sizeof(cb_text))
cb_text cb_decimal(uint64_t number);

/* Settings: JSON, read once. What is not there, or is null, is NULL; every function takes NULL. */

typedef struct cb_json cb_json;

const cb_json *cb_json_read(cb_text text);
const cb_json *cb_at(const cb_json *object, const char *name);
cb_text cb_text_at(const cb_json *object, const char *name, cb_text otherwise);
uint64_t cb_number_at(const cb_json *object, const char *name, uint64_t otherwise);
bool cb_bool_at(const cb_json *object, const char *name, bool otherwise);
cb_text cb_string(const cb_json *value);
/* Items of a list: `for (const cb_json *it = cb_first(list); it; it = cb_next(it))`. */
const cb_json *cb_first(const cb_json *list);
const cb_json *cb_next(const cb_json *item);
size_t cb_count(const cb_json *list);
const cb_json *cb_item(const cb_json *list, size_t index);

/* The schema of the settings, written as it is. */
#define CB_SCHEMA(...) #__VA_ARGS__

/* What is wrong with settings that satisfy the schema. */

typedef exports_cordboard_behaviour_guest_list_problem_t cb_problems;

void cb_problem(cb_problems *problems, cb_text path, cb_text message);

/* Events: names for what the bindings define. */

typedef uint64_t cb_leg;
typedef events_event_t cb_event;
typedef events_offer_t cb_offer;
typedef events_outcome_t cb_outcome;
typedef types_cause_t cb_cause;

enum {
  CB_CALL_OFFERED = EVENTS_EVENT_CALL_OFFERED,
  CB_LEG_RINGING = EVENTS_EVENT_LEG_RINGING,
  CB_LEG_ANSWERED = EVENTS_EVENT_LEG_ANSWERED,
  CB_LEG_ENDED = EVENTS_EVENT_LEG_ENDED,
  CB_LEG_HELD = EVENTS_EVENT_LEG_HELD,
  CB_LEG_RESUMED = EVENTS_EVENT_LEG_RESUMED,
  CB_DIGIT = EVENTS_EVENT_DIGIT,
  CB_TRANSFER_REQUESTED = EVENTS_EVENT_TRANSFER_REQUESTED,
  CB_OUTCOME = EVENTS_EVENT_OUTCOME,
  CB_TIMER = EVENTS_EVENT_TIMER,
  CB_SCHEDULE = EVENTS_EVENT_SCHEDULE,
  CB_LINE_CHANGED = EVENTS_EVENT_LINE_CHANGED,
  CB_MESSAGE = EVENTS_EVENT_MESSAGE,
  CB_SETTINGS_CHANGED = EVENTS_EVENT_SETTINGS_CHANGED,
};

enum {
  CB_NORMAL = TYPES_CAUSE_NORMAL,
  CB_BUSY = TYPES_CAUSE_BUSY,
  CB_NO_ANSWER = TYPES_CAUSE_NO_ANSWER,
  CB_DECLINED = TYPES_CAUSE_DECLINED,
  CB_UNREACHABLE = TYPES_CAUSE_UNREACHABLE,
  CB_UNKNOWN_NUMBER = TYPES_CAUSE_UNKNOWN_NUMBER,
  CB_FORBIDDEN = TYPES_CAUSE_FORBIDDEN,
  CB_CONGESTION = TYPES_CAUSE_CONGESTION,
  CB_CANCELLED = TYPES_CAUSE_CANCELLED,
  CB_FAILED = TYPES_CAUSE_FAILED,
};

/* Commands for a leg. Their outcomes carry the leg as their tag. False: not even queued, because the leg has ended or
 * the event's quota is used up. */

bool cb_ring(cb_leg leg);
bool cb_answer(cb_leg leg);
bool cb_reject(cb_leg leg, cb_cause cause);
bool cb_hang_up(cb_leg leg);

typedef audio_sound_t cb_sound;

cb_sound cb_announcement(cb_text name);
cb_sound cb_tone(audio_tone_t tone);
cb_sound cb_digits(cb_text digits);

/* 1 to 64 sounds, so often; 0: for ever. */
bool cb_play(cb_leg leg, const cb_sound *sounds, size_t count, uint32_t times);

struct cb_gather {
  const cb_sound *prompt;
  size_t prompts;
  /* At most; 1 unless said otherwise. */
  uint32_t digits;
  /* Keys that end the entry. */
  cb_text until;
  /* Milliseconds: to the first digit, and between digits. */
  uint64_t within, between;
};
/* Any digit cuts the prompt. */
bool cb_gather(cb_leg leg, struct cb_gather what);

typedef dialling_target_t cb_target;

cb_target cb_line(cb_text name);
cb_target cb_through_plan(cb_text number);
cb_target cb_following(void);

/* Rings all of them together for so many milliseconds; 0: for as long as the caller waits. */
bool cb_dial(cb_leg leg, const cb_target *targets, size_t count, uint64_t ring_for);
/* The same, and what plays to the caller goes on. */
bool cb_dial_playing(cb_leg leg, const cb_target *targets, size_t count, uint64_t ring_for);
bool cb_cancel_dial(cb_leg leg);

/* Reads a number that a call is to be sent on to (R24, R42), and says how to dial it. NULL, or why calls are not sent
 * there. Needs the permission `trunk`. */
const char *cb_destination(cb_text typed, cb_target *target);

/* Questions, answered at once. */

bool cb_find_line(cb_text name, directory_line_t *line);
types_number_class_t cb_classify(cb_text number);
bool cb_has_calendar(cb_text name);
/* A calendar that does not exist is never closed. */
bool cb_is_open(cb_text calendar);
/* Milliseconds since the epoch; stands still while an event is handled. */
uint64_t cb_now(void);
/* Seeded by the host for each event. */
uint64_t cb_random(void);

bool cb_timer_at(uint64_t tag, uint64_t instant);
bool cb_timer_cancel(uint64_t tag);

/* One sentence for people who ask why a call went where it went. */
void cb_explain(cb_text rule, cb_text sentence);
/* A line for the behaviour's developer. */
void cb_log(cb_text line);

/* The behaviour: every project defines one. */

typedef struct cb_session {
  uint64_t id;
  /* The tenant's name for the behaviour, and the number it is bound to. */
  cb_text behaviour, number;
  const cb_json *settings;
} cb_session;

struct cb_behaviour {
  const char *name, *version, *summary;
  /* See CB_SCHEMA. */
  const char *settings;
  /* One session for each number, with all its calls; else one for each call. */
  bool per_number;
  /* Of EXPORTS_CORDBOARD_BEHAVIOUR_GUEST_INTERESTS_*. */
  uint8_t interests;
  /* Size of the state, a struct without pointers; all zeros at first. */
  size_t state;
  /* Changes with the struct: another version takes only a state of its own over. */
  uint32_t state_version;
  /* How much of the struct is to be kept, from its beginning; NULL: all. */
  size_t (*state_used)(const void *state);
  /* NULL: what satisfies the schema is right. */
  void (*check)(const cb_json *settings, cb_problems *problems);
  /* NULL, or why it will not handle the event: then no command is carried out. */
  const char *(*handle)(void *state, const cb_session *session, const cb_event *event);
};

extern const struct cb_behaviour cb_behaviour;

#endif

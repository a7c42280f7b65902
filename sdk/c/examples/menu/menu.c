/* A voice menu (R41 to R43): always answers, two levels, keys 1 to 9, day and night. The same as guests/menu, which is a
 * script; here each step says what comes next. */

#include "menu.h"

#include "by_name.h"
#include "keypad.h"
#include "leaving.h"
#include "schema.h"

/* Between the digits of a short number; a key alone is taken for one after that. */
enum { NEXT_DIGIT = 2000 };

/* R43: day and night have an announcement and keys of their own. */
static const cb_json *level_of(const struct menu *menu, const cb_json *settings) {
  const cb_json *level = cb_at(settings, menu->closed ? "closed" : "open");
  return menu->step == SECOND ? cb_at(cb_item(cb_at(level, "keys"), menu->entry), "submenu") : level;
}

/* A key with its label, for those who read why. */
static cb_text named(const cb_json *key) {
  cb_text label = cb_text_at(key, "label", CB_NONE);
  cb_text name = cb_join(CB("key "), cb_text_at(key, "key", CB_NONE));
  return label.len == 0 ? name : cb_join(name, CB(" ("), label, CB(")"));
}

/* Plays the present level once more, or gives up. */
static void offer_keys(struct menu *menu, const cb_json *settings) {
  if (menu->attempts++ >= cb_number_at(settings, "attempts", 3)) {
    cb_explain(CB("attempts"), CB("the menu has played as often as it should"));
    give_up(menu, settings);
    return;
  }
  cb_sound greeting = cb_announcement(cb_text_at(level_of(menu, settings), "greeting", CB_NONE));
  uint64_t extension = menu->step == SECOND ? 0 : cb_number_at(settings, "extension-digits", 0);
  uint64_t wait = cb_number_at(settings, "wait", 5) * 1000;
  cb_gather(menu->leg, (struct cb_gather){&greeting, 1, (uint32_t)extension, CB_NONE, wait, NEXT_DIGIT});
}

static void begin(struct menu *menu, const cb_json *settings) {
  const cb_json *calendar = cb_at(settings, "calendar");
  menu->step = CHOOSING;
  if (calendar == NULL) {
    cb_explain(CB("calendar"), CB("the menu has no calendar: it is always open"));
  } else {
    menu->closed = !cb_is_open(cb_string(calendar));
    cb_explain(CB("calendar"), menu->closed ? CB("closed now: the menu for closing time")
                                            : CB("open now: the menu for opening hours"));
  }
  offer_keys(menu, settings);
}

static void offered(struct menu *menu, const cb_json *settings, const cb_offer *offer) {
  menu->leg = offer->leg;
  if (cb_bool_at(settings, "enabled", true)) {
    menu->step = ANSWERING;
    if (offer->answered) {
      begin(menu, settings);
    } else {
      cb_answer(menu->leg);
    }
    return;
  }
  cb_explain(CB("enabled"), CB("the menu is switched off"));
  if (offer->has_next) {
    cb_target next = cb_following();
    menu->step = LEAVING;
    cb_dial(menu->leg, &next, 1, 0);
  } else {
    cb_reject(menu->leg, CB_UNREACHABLE);
  }
}

static void key_leads(struct menu *menu, const cb_json *settings, const cb_json *key, size_t index) {
  const cb_json *number = cb_at(key, "number");
  if (number != NULL) {
    lead(menu, settings, named(key), cb_string(number));
  } else if (cb_at(key, "submenu") != NULL) {
    cb_explain(CB("submenu"), cb_join(named(key), CB(" opens the second level")));
    menu->step = SECOND;
    menu->entry = (uint8_t)index;
    menu->attempts = 0;
    offer_keys(menu, settings);
  } else {
    give_up(menu, settings);
  }
}

static void chosen(struct menu *menu, const cb_json *settings, const events_gather_outcome_t *gathered) {
  if (gathered->tag == EVENTS_GATHER_OUTCOME_MISSING) {
    cb_explain(CB("greeting"), cb_join(CB("there is no announcement "), gathered->val.missing));
    give_up(menu, settings);
    return;
  }
  cb_text pressed = pressed_in(gathered);
  if (pressed.len == 0) {
    cb_explain(CB("wait"), CB("no key was pressed: the menu plays again"));
    offer_keys(menu, settings);
    return;
  }
  size_t index = 0;
  for (const cb_json *it = cb_first(cb_at(level_of(menu, settings), "keys")); it != NULL; it = cb_next(it), index++)
    if (cb_equal(cb_text_at(it, "key", CB_NONE), pressed)) {
      key_leads(menu, settings, it, index);
      return;
    }
  if (menu->step == CHOOSING && cb_equal(cb_text_at(cb_at(settings, "by-name"), "key", CB_NONE), pressed)) {
    menu->attempts = 0;
    ask_for_name(menu, settings);
  } else if (menu->step == CHOOSING && cb_number_at(settings, "extension-digits", 0) > 0 &&
             cb_classify(pressed) == TYPES_NUMBER_CLASS_INTERNAL) {
    lead(menu, settings, cb_join(CB("the short number "), pressed), pressed);
  } else {
    cb_explain(CB("keys"), cb_join(CB("key "), pressed, CB(" leads nowhere: the menu plays again")));
    offer_keys(menu, settings);
  }
}

/* The way a dial ends is the way the call ends. */
static void left(struct menu *menu, const events_outcome_kind_t *kind) {
  menu->step = OVER;
  if (kind->tag == EVENTS_OUTCOME_KIND_FAILED) {
    cb_reject(menu->leg, kind->val.failed);
  } else if (kind->val.dialled.result.tag == EVENTS_DIAL_RESULT_FAILED) {
    cb_reject(menu->leg, kind->val.dialled.result.val.failed);
  }
}

static void outcome(struct menu *menu, const cb_json *settings, const events_outcome_kind_t *kind) {
  bool gathered = kind->tag == EVENTS_OUTCOME_KIND_GATHERED;
  switch (menu->step) {
    case ANSWERING: begin(menu, settings); break;
    case CHOOSING:
    case SECOND:
      if (gathered) chosen(menu, settings, &kind->val.gathered);
      break;
    case SPELLING:
      if (gathered) name_was_spelt(menu, settings, &kind->val.gathered);
      break;
    case WHICH:
      if (gathered) person_was_chosen(menu, settings, &kind->val.gathered);
      break;
    case UNKNOWN: ask_for_name(menu, settings); break;
    case LEAVING: left(menu, kind); break;
    case GOODBYE:
      menu->step = OVER;
      cb_hang_up(menu->leg);
      break;
    default: break;
  }
}

static const char *handle(void *state, const cb_session *session, const cb_event *event) {
  if (event->tag == CB_CALL_OFFERED) offered(state, session->settings, &event->val.call_offered);
  if (event->tag == CB_OUTCOME) outcome(state, session->settings, &event->val.outcome.kind);
  return NULL;
}

const struct cb_behaviour cb_behaviour = {
    .name = "menu",
    .version = "0.1.0",
    .summary = "Voice menu with two levels, opening hours and retries, in C.",
    .settings = MENU_SCHEMA,
    .state = sizeof(struct menu),
    .state_version = 1,
    .check = check,
    .handle = handle,
};

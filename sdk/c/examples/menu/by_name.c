/* Dialling by name: the caller spells, and chooses where several people fit. */

#include "by_name.h"

#include <string.h>

#include "keypad.h"
#include "leaving.h"

/* As many as there are keys to choose with. */
enum { CHOICES = 9, DIGITS = 32 };

struct found {
  const cb_json *people[CHOICES];
  size_t count;
};

static struct found find(const struct menu *menu, const cb_json *settings) {
  struct found found = {.count = 0};
  cb_text spelt = {(uint8_t *)menu->spelt, menu->letters};
  const cb_json *people = cb_at(cb_at(settings, "by-name"), "people");
  for (const cb_json *it = cb_first(people); it != NULL && found.count < CHOICES; it = cb_next(it))
    if (spelt.len > 1 && spells(cb_text_at(it, "name", CB_NONE), spelt)) found.people[found.count++] = it;
  return found;
}

void ask_for_name(struct menu *menu, const cb_json *settings) {
  if (menu->attempts++ >= cb_number_at(settings, "attempts", 3)) {
    give_up(menu, settings);
    return;
  }
  cb_sound prompt = cb_announcement(cb_text_at(cb_at(settings, "by-name"), "prompt", CB("spell-the-name")));
  uint64_t wait = cb_number_at(settings, "wait", 5) * 1000;
  menu->step = SPELLING;
  cb_gather(menu->leg, (struct cb_gather){&prompt, 1, LETTERS, CB("#"), wait, wait});
}

static void lead_to(struct menu *menu, const cb_json *settings, const cb_json *person) {
  lead(menu, settings, cb_join(CB("the name "), cb_text_at(person, "name", CB_NONE)),
       cb_text_at(person, "number", CB_NONE));
}

static cb_text digits_of(cb_text number) {
  cb_text digits = cb_join(number);
  digits.len = 0;
  for (size_t i = 0; i < number.len && digits.len < DIGITS; i++)
    if (number.ptr[i] >= '0' && number.ptr[i] <= '9') digits.ptr[digits.len++] = number.ptr[i];
  return digits;
}

/* Says a key before each name. */
static void ask_which(struct menu *menu, const cb_json *settings, const struct found *found) {
  cb_sound prompt[1 + 2 * CHOICES] = {cb_tone(AUDIO_TONE_BEEP)};
  size_t count = 1;
  for (size_t i = 0; i < found->count; i++) {
    cb_text spoken = cb_text_at(found->people[i], "spoken", CB_NONE);
    prompt[count++] = cb_digits(cb_decimal(i + 1));
    prompt[count++] = spoken.len > 0 ? cb_announcement(spoken)
                                     : cb_digits(digits_of(cb_text_at(found->people[i], "number", CB_NONE)));
  }
  uint64_t wait = cb_number_at(settings, "wait", 5) * 1000;
  cb_explain(CB("by-name"), CB("several names fit: the caller chooses"));
  menu->step = WHICH;
  cb_gather(menu->leg, (struct cb_gather){prompt, count, 1, CB_NONE, wait, wait});
}

void name_was_spelt(struct menu *menu, const cb_json *settings, const events_gather_outcome_t *gathered) {
  if (gathered->tag != EVENTS_GATHER_OUTCOME_DIGITS && gathered->tag != EVENTS_GATHER_OUTCOME_TIMEOUT) {
    give_up(menu, settings);
    return;
  }
  cb_text pressed = pressed_in(gathered); /* who stops spelling has spelt enough */
  menu->letters = (uint8_t)(pressed.len < LETTERS ? pressed.len : LETTERS);
  memcpy(menu->spelt, pressed.ptr, menu->letters);
  struct found found = find(menu, settings);
  if (found.count == 1) {
    lead_to(menu, settings, found.people[0]);
  } else if (found.count > 1) {
    ask_which(menu, settings, &found);
  } else {
    cb_sound unknown = cb_announcement(cb_text_at(cb_at(settings, "by-name"), "unknown", CB("nobody-of-that-name")));
    cb_explain(CB("by-name"), cb_join(CB("nobody's name begins with "), pressed));
    menu->step = UNKNOWN;
    cb_play(menu->leg, &unknown, 1, 1);
  }
}

void person_was_chosen(struct menu *menu, const cb_json *settings, const events_gather_outcome_t *gathered) {
  struct found found = find(menu, settings);
  cb_text pressed = gathered->tag == EVENTS_GATHER_OUTCOME_DIGITS ? pressed_in(gathered) : CB_NONE;
  size_t index = pressed.len == 1 ? (size_t)(pressed.ptr[0] - '1') : CHOICES;
  if (index < found.count) {
    lead_to(menu, settings, found.people[index]);
  } else {
    ask_for_name(menu, settings);
  }
}

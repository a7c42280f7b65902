/* The ways out of the menu: on to a number, or good-bye (R42). */

#include "leaving.h"

static void dial_for_good(struct menu *menu, cb_target target) {
  menu->step = LEAVING;
  cb_dial(menu->leg, &target, 1, 0);
}

static void say_goodbye(struct menu *menu, const cb_json *settings) {
  cb_sound goodbye = cb_announcement(cb_text_at(settings, "goodbye", CB("goodbye")));
  cb_explain(CB("goodbye"), CB("good-bye, and the call ends"));
  menu->step = GOODBYE;
  cb_play(menu->leg, &goodbye, 1, 1);
}

void lead(struct menu *menu, const cb_json *settings, cb_text by, cb_text number) {
  cb_target target;
  const char *why = cb_destination(number, &target);
  cb_text leads = cb_join(by, CB(" leads to "), number);
  if (why == NULL) {
    cb_explain(CB("keys"), leads);
    dial_for_good(menu, target);
  } else {
    cb_explain(CB("R42"), cb_join(leads, CB(": "), cb_text_of(why)));
    say_goodbye(menu, settings);
  }
}

void give_up(struct menu *menu, const cb_json *settings) {
  cb_text number = cb_text_at(settings, "fallback", CB_NONE);
  if (number.len == 0) {
    say_goodbye(menu, settings);
    return;
  }
  cb_target target;
  const char *why = cb_destination(number, &target);
  if (why == NULL) {
    cb_explain(CB("fallback"), cb_join(CB("the caller goes on to "), number));
    dial_for_good(menu, target);
  } else {
    cb_explain(CB("R42"), cb_join(CB("the fallback is "), number, CB(": "), cb_text_of(why)));
    say_goodbye(menu, settings);
  }
}

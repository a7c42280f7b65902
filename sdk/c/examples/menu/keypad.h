/* What callers press, and names spelt on a telephone's keys (ITU-T E.161). */
#ifndef MENU_KEYPAD_H
#define MENU_KEYPAD_H

#include <cordboard.h>

/* The keys that spell a name; a space between words. */
cb_text keys_of(cb_text name);

/* What was pressed; empty when nothing was. */
cb_text pressed_in(const events_gather_outcome_t *gathered);

/* Whether the keys are the beginning of one of the name's words, or of the name from there on. */
bool spells(cb_text name, cb_text pressed);

#endif

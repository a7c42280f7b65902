#ifndef MENU_H
#define MENU_H

#include <cordboard.h>

/* What a call waits for.
 *
 *   ANSWERING --> CHOOSING --key--> SECOND
 *                    | \--by name--> SPELLING <--> UNKNOWN, WHICH
 *                    +--number--> LEAVING          (so from SECOND, SPELLING and WHICH)
 *                    +--attempts used up--> LEAVING, or GOODBYE
 */
enum step { OVER, ANSWERING, CHOOSING, SECOND, SPELLING, UNKNOWN, WHICH, LEAVING, GOODBYE };

enum { LETTERS = 16 };

/* The state of a call. */
struct menu {
  cb_leg leg;
  uint8_t step;
  /* Which level was offered first. */
  bool closed;
  /* How often the present prompt has played. */
  uint8_t attempts;
  /* The entry of the first level that opened the second. */
  uint8_t entry;
  uint8_t letters;
  uint8_t spelt[LETTERS];
};

void check(const cb_json *settings, cb_problems *problems);

/* Sends the caller on, if R42 lets us. */
void lead(struct menu *menu, const cb_json *settings, cb_text by, cb_text number);
/* The attempts are used up: the fallback number, else good-bye. */
void give_up(struct menu *menu, const cb_json *settings);
/* What was pressed; empty when nothing was. */
cb_text pressed_in(const events_gather_outcome_t *gathered);

/* Dialling by name. */
void ask_for_name(struct menu *menu, const cb_json *settings);
void name_was_spelt(struct menu *menu, const cb_json *settings, const events_gather_outcome_t *gathered);
void person_was_chosen(struct menu *menu, const cb_json *settings, const events_gather_outcome_t *gathered);

#endif

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

#endif

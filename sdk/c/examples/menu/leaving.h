#ifndef LEAVING_H
#define LEAVING_H

#include "menu.h"

/* Sends the caller on, if R42 lets us. */
void lead(struct menu *menu, const cb_json *settings, cb_text by, cb_text number);
/* The attempts are used up: the fallback number, else good-bye. */
void give_up(struct menu *menu, const cb_json *settings);

#endif

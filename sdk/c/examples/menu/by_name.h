#ifndef BY_NAME_H
#define BY_NAME_H

#include "menu.h"

/* Asks the caller to spell a name. */
void ask_for_name(struct menu *menu, const cb_json *settings);
void name_was_spelt(struct menu *menu, const cb_json *settings, const events_gather_outcome_t *gathered);
/* One of several whose name begins so. */
void person_was_chosen(struct menu *menu, const cb_json *settings, const events_gather_outcome_t *gathered);

#endif

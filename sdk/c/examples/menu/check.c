/* What the schema cannot say. */

#include "keypad.h"
#include "menu.h"

static cb_text at(cb_text path, const char *list, size_t index) {
  return cb_join(path, CB("/"), cb_text_of(list), CB("/"), cb_decimal(index));
}

static void check_number(cb_text path, cb_text number, cb_problems *problems) {
  cb_target target;
  const char *why = cb_destination(number, &target);
  if (why != NULL) cb_problem(problems, path, cb_text_of(why));
}

static bool is_taken(const cb_json *keys, cb_text key, const cb_json *before) {
  for (const cb_json *it = cb_first(keys); it != NULL && it != before; it = cb_next(it))
    if (cb_equal(cb_text_at(it, "key", CB_NONE), key)) return true;
  return false;
}

static void check_keys(cb_text path, const cb_json *level, bool first_level, cb_problems *problems) {
  const cb_json *keys = cb_at(level, "keys");
  size_t index = 0;
  for (const cb_json *it = cb_first(keys); it != NULL; it = cb_next(it), index++) {
    cb_text here = at(path, "keys", index);
    if (is_taken(keys, cb_text_at(it, "key", CB_NONE), it))
      cb_problem(problems, cb_join(here, CB("/key")), CB("this key has an entry already"));
    const cb_json *number = cb_at(it, "number"), *submenu = cb_at(it, "submenu");
    if (number != NULL && submenu != NULL) {
      cb_problem(problems, here, CB("a key leads to a number or to a menu, not to both"));
    } else if (number != NULL || !first_level) {
      check_number(cb_join(here, CB("/number")), cb_string(number), problems);
    } else if (submenu != NULL) {
      check_keys(cb_join(here, CB("/submenu")), submenu, false, problems);
    } else {
      cb_problem(problems, here, CB("a key leads to a number or to a menu; leave it out otherwise"));
    }
  }
}

static void check_by_name(const cb_json *settings, cb_problems *problems) {
  const cb_json *by_name = cb_at(settings, "by-name"), *people = cb_at(by_name, "people");
  cb_text key = cb_text_at(by_name, "key", CB_NONE);
  if (key.len == 0) return;
  bool by_day = is_taken(cb_at(cb_at(settings, "open"), "keys"), key, NULL);
  bool by_night = cb_at(settings, "calendar") != NULL && is_taken(cb_at(cb_at(settings, "closed"), "keys"), key, NULL);
  if (by_day || by_night) cb_problem(problems, CB("/by-name/key"), CB("this key has an entry already"));
  if (cb_count(people) == 0) cb_problem(problems, CB("/by-name/people"), CB("there is nobody to be found"));
  size_t index = 0;
  for (const cb_json *it = cb_first(people); it != NULL; it = cb_next(it), index++) {
    cb_text here = at(CB("/by-name"), "people", index);
    check_number(cb_join(here, CB("/number")), cb_text_at(it, "number", CB_NONE), problems);
    if (keys_of(cb_text_at(it, "name", CB_NONE)).len < 2)
      cb_problem(problems, cb_join(here, CB("/name")), CB("a name has letters that can be spelt on the keys"));
  }
}

void check(const cb_json *settings, cb_problems *problems) {
  const cb_json *open = cb_at(settings, "open"), *closed = cb_at(settings, "closed");
  if (cb_text_at(open, "greeting", CB_NONE).len == 0)
    cb_problem(problems, CB("/open/greeting"), CB("a menu needs an announcement that tells its keys"));
  check_keys(CB("/open"), open, true, problems);
  const cb_json *calendar = cb_at(settings, "calendar");
  if (calendar != NULL) {
    if (!cb_has_calendar(cb_string(calendar)))
      cb_problem(problems, CB("/calendar"), CB("there is no calendar of this name"));
    if (cb_text_at(closed, "greeting", CB_NONE).len == 0)
      cb_problem(problems, CB("/closed/greeting"),
                 CB("with a calendar there has to be an announcement for closing time"));
    check_keys(CB("/closed"), closed, true, problems);
  }
  const cb_json *fallback = cb_at(settings, "fallback");
  if (fallback != NULL) check_number(CB("/fallback"), cb_string(fallback), problems);
  check_by_name(settings, problems);
}

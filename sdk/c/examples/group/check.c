/* What the schema cannot say. */

#include "group.h"

static void check_number(cb_text path, cb_text number, cb_problems *problems) {
  cb_target target;
  const char *why = cb_destination(number, &target);
  if (why != NULL) cb_problem(problems, path, cb_text_of(why));
}

static bool was_named(const cb_json *members, const cb_json *member) {
  for (const cb_json *it = cb_first(members); it != member; it = cb_next(it))
    if (cb_equal(cb_string(it), cb_string(member))) return true;
  return false;
}

void check(const cb_json *settings, cb_problems *problems) {
  const cb_json *members = cb_at(settings, "members");
  size_t index = 0;
  for (const cb_json *it = cb_first(members); it != NULL; it = cb_next(it), index++) {
    cb_text path = cb_join(CB("/members/"), cb_decimal(index));
    directory_line_t line;
    if (was_named(members, it)) {
      cb_problem(problems, path, CB("this line is a member already"));
    } else if (!cb_find_line(cb_string(it), &line)) {
      cb_problem(problems, path, CB("there is no such line"));
    }
  }
  cb_text overflow = cb_text_at(settings, "overflow-number", CB_NONE);
  cb_text closed = cb_text_at(settings, "closed-number", CB_NONE);
  cb_text calendar = cb_text_at(settings, "calendar", CB_NONE);
  if (overflow.len > 0) {
    check_number(CB("/overflow-number"), overflow, problems);
  } else if (cb_equal(cb_text_at(settings, "overflow", CB_NONE), CB("number"))) {
    cb_problem(problems, CB("/overflow-number"), CB("the overflow goes to a number, and there is none"));
  }
  if (closed.len > 0) check_number(CB("/closed-number"), closed, problems);
  if (calendar.len > 0 && !cb_has_calendar(calendar))
    cb_problem(problems, CB("/calendar"), CB("there is no calendar of this name"));
}

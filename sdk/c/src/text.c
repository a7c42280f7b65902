/* Text with a length. */

#include <cordboard.h>
#include <stdlib.h>
#include <string.h>

cb_text cb_text_of(const char *text) { return (cb_text){(uint8_t *)text, strlen(text)}; }

bool cb_equal(cb_text a, cb_text b) { return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0; }

bool cb_begins(cb_text text, cb_text with) {
  return text.len >= with.len && memcmp(text.ptr, with.ptr, with.len) == 0;
}

cb_text cb_join_all(const cb_text *parts, size_t count) {
  size_t length = 0;
  for (size_t i = 0; i < count; i++) length += parts[i].len;
  uint8_t *at = malloc(length);
  if (at == NULL) abort();
  cb_text whole = {at, length};
  for (size_t i = 0; i < count; i++) {
    memcpy(at, parts[i].ptr, parts[i].len);
    at += parts[i].len;
  }
  return whole;
}

cb_text cb_decimal(uint64_t number) {
  enum { MOST = 20 };
  uint8_t *digits = malloc(MOST);
  if (digits == NULL) abort();
  size_t at = MOST;
  do {
    digits[--at] = (uint8_t)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  return (cb_text){digits + at, MOST - at};
}

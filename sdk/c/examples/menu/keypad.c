#include "keypad.h"

#include <stdlib.h>
#include <string.h>

/* By their keys; each takes two bytes. */
static const char *const ACCENTED[] = {
    [2] = "àáâãäåąæçćÀÁÂÃÄÅĄÆÇĆ", [3] = "èéêëęÈÉÊËĘ", [4] = "ìíîïÌÍÎÏ", [5] = "łŁ",
    [6] = "ñńòóôõöøœÑŃÒÓÔÕÖØŒ",   [7] = "śßŚ",        [8] = "ùúûüÙÚÛÜ", [9] = "ýÿźżÝŸŹŻ",
};

static uint8_t key_of_ascii(uint8_t letter) {
  static const char LETTERS[] = "22233344455566677778889999";
  uint8_t lower = letter | 0x20;
  if (lower >= 'a' && lower <= 'z') return (uint8_t)LETTERS[lower - 'a'];
  if (letter >= '0' && letter <= '9') return letter;
  return letter == ' ' || letter == '-' ? ' ' : 0;
}

static uint8_t key_of_accented(const uint8_t *letter) {
  for (int key = 2; key <= 9; key++)
    for (const char *at = ACCENTED[key]; *at != 0; at += 2)
      if (memcmp(at, letter, 2) == 0) return (uint8_t)('0' + key);
  return 0;
}

cb_text keys_of(cb_text name) {
  cb_text keys = {malloc(name.len), 0};
  for (size_t i = 0; i < name.len; i++) {
    uint8_t key = 0;
    if (name.ptr[i] < 0x80) {
      key = key_of_ascii(name.ptr[i]);
    } else if (name.ptr[i] >= 0xc0 && i + 1 < name.len) {
      key = key_of_accented(name.ptr + i);
    }
    if (key != 0) keys.ptr[keys.len++] = key;
  }
  return keys;
}

static bool spells_from(cb_text keys, size_t from, cb_text pressed) {
  size_t matched = 0;
  for (size_t i = from; i < keys.len && matched < pressed.len; i++) {
    if (keys.ptr[i] == ' ') continue;
    if (keys.ptr[i] != pressed.ptr[matched++]) return false;
  }
  return matched == pressed.len;
}

bool spells(cb_text name, cb_text pressed) {
  cb_text keys = keys_of(name);
  for (size_t i = 0; i < keys.len; i++)
    if ((i == 0 || keys.ptr[i - 1] == ' ') && spells_from(keys, i, pressed)) return true;
  return false;
}

cb_text pressed_in(const events_gather_outcome_t *gathered) {
  switch (gathered->tag) {
    case EVENTS_GATHER_OUTCOME_DIGITS: return gathered->val.digits;
    case EVENTS_GATHER_OUTCOME_TIMEOUT: return gathered->val.timeout;
    default: return CB_NONE;
  }
}

/* Reads JSON (RFC 8259) as the host writes it: valid, and as deep as settings are. */

#include <cordboard.h>
#include <stdlib.h>
#include <string.h>

enum kind { NONE, FALSE, TRUE, NUMBER, STRING, LIST, OBJECT };

struct cb_json {
  enum kind kind;
  cb_text name; /* within an object */
  cb_text text; /* of a string */
  uint64_t number;
  const cb_json *first, *next;
};

struct reader {
  const uint8_t *at, *end;
};

enum { DEEPEST = 64 };

static cb_json *read_value(struct reader *reader, int depth);

static void skip_space(struct reader *reader) {
  while (reader->at < reader->end &&
         (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\r' || *reader->at == '\t'))
    reader->at++;
}

static bool take(struct reader *reader, char wanted) {
  skip_space(reader);
  if (reader->at >= reader->end || *reader->at != wanted) return false;
  reader->at++;
  return true;
}

static bool take_word(struct reader *reader, cb_text word) {
  cb_text rest = {(uint8_t *)reader->at, (size_t)(reader->end - reader->at)};
  if (!cb_begins(rest, word)) return false;
  reader->at += word.len;
  return true;
}

static int hex(uint8_t digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  digit |= 0x20;
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool read_unit(struct reader *reader, uint32_t *unit) {
  if (reader->end - reader->at < 4) return false;
  *unit = 0;
  for (int i = 0; i < 4; i++) {
    int digit = hex(*reader->at++);
    if (digit < 0) return false;
    *unit = *unit << 4 | (uint32_t)digit;
  }
  return true;
}

/* Writes a character as UTF-8. */
static uint8_t *put(uint8_t *to, uint32_t character) {
  if (character < 0x80) {
    *to++ = (uint8_t)character;
  } else if (character < 0x800) {
    *to++ = (uint8_t)(0xc0 | character >> 6);
    *to++ = (uint8_t)(0x80 | (character & 0x3f));
  } else if (character < 0x10000) {
    *to++ = (uint8_t)(0xe0 | character >> 12);
    *to++ = (uint8_t)(0x80 | (character >> 6 & 0x3f));
    *to++ = (uint8_t)(0x80 | (character & 0x3f));
  } else {
    *to++ = (uint8_t)(0xf0 | character >> 18);
    *to++ = (uint8_t)(0x80 | (character >> 12 & 0x3f));
    *to++ = (uint8_t)(0x80 | (character >> 6 & 0x3f));
    *to++ = (uint8_t)(0x80 | (character & 0x3f));
  }
  return to;
}

/* A character above U+FFFF is written as two units (RFC 8259 §7). */
static bool read_escaped(struct reader *reader, uint8_t **to) {
  uint32_t unit, low;
  if (!read_unit(reader, &unit)) return false;
  if (unit >= 0xd800 && unit < 0xdc00) {
    if (!take_word(reader, CB("\\u")) || !read_unit(reader, &low) || low < 0xdc00 || low > 0xdfff) return false;
    unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
  }
  *to = put(*to, unit);
  return true;
}

static bool read_string(struct reader *reader, cb_text *text) {
  const uint8_t *from = reader->at;
  while (reader->at < reader->end && *reader->at != '"' && *reader->at != '\\') reader->at++;
  if (reader->at >= reader->end) return false;
  if (*reader->at == '"') { /* nothing is escaped: it stays where it is */
    *text = (cb_text){(uint8_t *)from, (size_t)(reader->at++ - from)};
    return true;
  }
  reader->at = from;
  uint8_t *to = malloc((size_t)(reader->end - from));
  if (to == NULL) abort();
  text->ptr = to;
  while (reader->at < reader->end && *reader->at != '"') {
    if (*reader->at != '\\') {
      *to++ = *reader->at++;
      continue;
    }
    if (reader->end - reader->at < 2) return false;
    uint8_t letter = reader->at[1];
    reader->at += 2;
    switch (letter) {
      case 'n': *to++ = '\n'; break;
      case 't': *to++ = '\t'; break;
      case 'r': *to++ = '\r'; break;
      case 'b': *to++ = '\b'; break;
      case 'f': *to++ = '\f'; break;
      case 'u':
        if (!read_escaped(reader, &to)) return false;
        break;
      default: *to++ = letter;
    }
  }
  text->len = (size_t)(to - text->ptr);
  return take(reader, '"');
}

/* Whole numbers; of others the part before the point. Settings have no negative ones. */
static void read_number(struct reader *reader, cb_json *value) {
  value->kind = NUMBER;
  while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
    value->number = value->number * 10 + (uint64_t)(*reader->at++ - '0');
  while (reader->at < reader->end && *reader->at != ',' && *reader->at != '}' && *reader->at != ']')
    reader->at++;
}

static bool read_items(struct reader *reader, cb_json *value, bool named, char close, int depth) {
  const cb_json **last = &value->first;
  value->kind = named ? OBJECT : LIST;
  if (take(reader, close)) return true;
  do {
    cb_text name = CB_NONE;
    if (named && !(take(reader, '"') && read_string(reader, &name) && take(reader, ':'))) return false;
    cb_json *item = read_value(reader, depth + 1);
    if (item == NULL) return false;
    item->name = name;
    *last = item;
    last = &item->next;
  } while (take(reader, ','));
  return take(reader, close);
}

static cb_json *read_value(struct reader *reader, int depth) {
  cb_json *value = malloc(sizeof *value);
  if (value == NULL || depth > DEEPEST) return NULL;
  memset(value, 0, sizeof *value);
  skip_space(reader);
  bool sound = true;
  if (take(reader, '"')) {
    value->kind = STRING;
    sound = read_string(reader, &value->text);
  } else if (take(reader, '[')) {
    sound = read_items(reader, value, false, ']', depth);
  } else if (take(reader, '{')) {
    sound = read_items(reader, value, true, '}', depth);
  } else if (take_word(reader, CB("true"))) {
    value->kind = TRUE;
  } else if (take_word(reader, CB("false"))) {
    value->kind = FALSE;
  } else if (!take_word(reader, CB("null"))) {
    read_number(reader, value);
  }
  return sound ? value : NULL;
}

const cb_json *cb_json_read(cb_text text) {
  struct reader reader = {text.ptr, text.ptr + text.len};
  return read_value(&reader, 0);
}

const cb_json *cb_at(const cb_json *object, const char *name) {
  cb_text wanted = cb_text_of(name);
  for (const cb_json *it = cb_first(object); it != NULL; it = it->next)
    if (cb_equal(it->name, wanted)) return it->kind == NONE ? NULL : it;
  return NULL;
}

cb_text cb_string(const cb_json *value) { return value != NULL && value->kind == STRING ? value->text : CB_NONE; }

cb_text cb_text_at(const cb_json *object, const char *name, cb_text otherwise) {
  const cb_json *value = cb_at(object, name);
  return value != NULL && value->kind == STRING ? value->text : otherwise;
}

uint64_t cb_number_at(const cb_json *object, const char *name, uint64_t otherwise) {
  const cb_json *value = cb_at(object, name);
  return value != NULL && value->kind == NUMBER ? value->number : otherwise;
}

bool cb_bool_at(const cb_json *object, const char *name, bool otherwise) {
  const cb_json *value = cb_at(object, name);
  return value == NULL ? otherwise : value->kind == TRUE;
}

const cb_json *cb_first(const cb_json *list) { return list == NULL ? NULL : list->first; }

const cb_json *cb_next(const cb_json *item) { return item == NULL ? NULL : item->next; }

size_t cb_count(const cb_json *list) {
  size_t count = 0;
  for (const cb_json *it = cb_first(list); it != NULL; it = it->next) count++;
  return count;
}

const cb_json *cb_item(const cb_json *list, size_t index) {
  const cb_json *it = cb_first(list);
  while (it != NULL && index-- > 0) it = it->next;
  return it;
}

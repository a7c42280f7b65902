/* Memory for a behaviour that lives for one event: handed out from the front and never taken back. The instance ends
 * with the event, and its memory with it. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
  PAGE = 64 << 10,
  /* Inside the module's own memory: to grow it costs more than most events. */
  AT_FIRST = 3 * PAGE,
  ALIGNMENT = 8,
};

static _Alignas(ALIGNMENT) uint8_t first[AT_FIRST];
static uint8_t *next = first;
static uint8_t *end = first + AT_FIRST;

/* Before each block, so that it can be moved. */
struct header {
  size_t size, unused;
};

static int has_room(size_t size) {
  size_t room = (size_t)(end - next);
  if (size <= room) return 1;
  size_t pages = (size - room + PAGE - 1) / PAGE;
  size_t before = __builtin_wasm_memory_grow(0, pages);
  if (before == SIZE_MAX) return 0;
  uint8_t *grown = (uint8_t *)(before * PAGE);
  if (grown != end) next = grown; /* what is left of the first part is left alone */
  end = grown + pages * PAGE;
  return (size_t)(end - next) >= size || has_room(size);
}

void *malloc(size_t size) {
  if (size > SIZE_MAX / 2) return NULL;
  size_t whole = sizeof(struct header) + ((size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1));
  if (!has_room(whole)) return NULL;
  struct header *block = (struct header *)next;
  next += whole;
  block->size = size;
  return block + 1;
}

void *realloc(void *block, size_t size) {
  void *moved = malloc(size);
  if (moved != NULL && block != NULL) {
    size_t before = ((struct header *)block - 1)->size;
    memcpy(moved, block, before < size ? before : size);
  }
  return moved;
}

void free(void *block) { (void)block; }

_Noreturn void abort(void) { __builtin_trap(); }

/* Each becomes one instruction. */
void *memcpy(void *restrict to, const void *restrict from, size_t size) { return __builtin_memcpy(to, from, size); }
void *memmove(void *to, const void *from, size_t size) { return __builtin_memmove(to, from, size); }
void *memset(void *to, int byte, size_t size) { return __builtin_memset(to, byte, size); }

int memcmp(const void *a, const void *b, size_t size) {
  const uint8_t *left = a, *right = b;
  for (size_t i = 0; i < size; i++)
    if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
  return 0;
}

size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length] != 0) length++;
  return length;
}

/* The bindings want this linked with a description of the module's world, which the host has itself. */
void __component_type_object_force_link_behaviour(void);
void __component_type_object_force_link_behaviour(void) {}

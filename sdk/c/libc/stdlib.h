/* As much of it as the generated bindings use. */
#ifndef CORDBOARD_STDLIB_H
#define CORDBOARD_STDLIB_H

#include <stddef.h>

void *malloc(size_t size);
void *realloc(void *block, size_t size);
void free(void *block);
_Noreturn void abort(void);

#endif

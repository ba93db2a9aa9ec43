/* Allocations that fail when allocation_fails() says so, which the test that includes this defines: malloc,
 * calloc, realloc and strdup of the project's own objects, by the linker's --wrap, and cJSON's once it is told. */
#ifndef TESTS_WRAPPED_ALLOC_H
#define TESTS_WRAPPED_ALLOC_H

#include <cjson/cJSON.h>
#include <stdlib.h>

static int allocation_fails(void);

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
    return allocation_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return allocation_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return allocation_fails() ? NULL : __real_realloc(block, size);
}

char *__wrap_strdup(const char *text)
{
    return allocation_fails() ? NULL : __real_strdup(text);
}

static void *json_malloc(size_t size)
{
    return __wrap_malloc(size);
}

static inline void wrap_json(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = json_malloc, .free_fn = free});
}

#endif

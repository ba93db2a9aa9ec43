#include "nn/map.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/size.h"

enum { LINE = 64, HUGE_PAGE = 2 << 20 };

/* Memory that is touched once per request costs a fault per page; large maps ask for large pages. */
static float *allocate(void **allocation, size_t floats)
{
    size_t bytes, align = LINE;
    if (!size_mul(floats, sizeof(float), &bytes))
        return NULL;
    if (bytes >= 4 * HUGE_PAGE)
        align = HUGE_PAGE;
    size_t whole;
    if (!size_add(bytes, align, &whole) || !(*allocation = malloc(whole)))
        return NULL;
    char *data = (char *)*allocation + (-(uintptr_t)*allocation % align);
    if (align == HUGE_PAGE)
        madvise(data, bytes, MADV_HUGEPAGE);
    return (float *)(void *)data;
}

enum err_code map_create(struct map *map, int height, int width, int dim, struct err *e)
{
    size_t floats;
    memset(map, 0, sizeof *map);
    if (!size_mul((size_t)width + 2, (size_t)dim, &map->row_floats) ||
        !size_mul(map->row_floats, (size_t)height, &floats) || !(map->data = allocate(&map->allocation, floats)))
        return err_memory(e, "a feature map");
    map->height = height;
    map->width = width;
    map->dim = dim;
    return ERR_OK;
}

void map_free(struct map *map)
{
    free(map->allocation);
    memset(map, 0, sizeof *map);
}

enum err_code arena_create(struct arena *arena, size_t floats, struct err *e)
{
    memset(arena, 0, sizeof *arena);
    arena->base = allocate(&arena->allocation, floats);
    if (!arena->base)
        return err_memory(e, "scratch memory");
    arena->floats = floats;
    return ERR_OK;
}

void arena_free(struct arena *arena)
{
    free(arena->allocation);
    memset(arena, 0, sizeof *arena);
}

float *arena_take(struct arena *arena, size_t floats)
{
    float *at = arena->base ? arena->base + arena->used : NULL;
    arena->used += (floats + LINE / sizeof(float) - 1) / (LINE / sizeof(float)) * (LINE / sizeof(float));
    assert(!arena->base || arena->used <= arena->floats);
    return at;
}

/* Feature maps that are kept whole, and scratch memory. */
#ifndef NN_MAP_H
#define NN_MAP_H

#include <stddef.h>

#include "base/err.h"

/* [height][1 + width + 1][dim] floats: the columns beside the map hold zeros, the padding of the next
 * layer.  Whoever writes a row writes its outer columns too. */
struct map {
    void *allocation;
    float *data;
    int height, width, dim;
    size_t row_floats;
};

/* On success the map's memory is the caller's, freed with map_free; its contents are undefined. */
enum err_code map_create(struct map *map, int height, int width, int dim, struct err *e);
/* Also for a map that is all zeros. */
void map_free(struct map *map);

/* The row, at the column left of the first. */
static inline float *map_row(const struct map *map, int y)
{
    return map->data + (size_t)y * map->row_floats;
}

/* Scratch memory handed out piece by piece and reused as a whole.  While `base` is NULL, pieces are only
 * counted, so that one walk finds the size and the next one uses it. */
struct arena {
    void *allocation;
    float *base;
    size_t floats, used;
};

enum err_code arena_create(struct arena *arena, size_t floats, struct err *e);
void arena_free(struct arena *arena);
/* 64-byte aligned; NULL while counting. */
float *arena_take(struct arena *arena, size_t floats);

#endif

/* Memory of a layer's recent outputs, by what they were computed from.
 *
 * Most of a scan is blank paper and straight grid lines, so that in the first stages few pixels see a
 * neighbourhood that none before them saw: on bilevel scans at 200 dpi one in ten at 1/2 and two in five
 * at 1/4.  The others are copied.  A pixel's identity is a 64-bit hash of the identities of the nine pixels that
 * its 3x3 filter sees, down to the image; since every kernel's result depends on these values alone, a
 * copy is the same bytes as the computation. */
#ifndef NN_MEMO_H
#define NN_MEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "nn/map.h"

struct memo {
    int dim, slots;
    uint64_t *key;        /* [slots]: identity of the value held; 0: none */
    int32_t *pending;     /* [slots]: the value is the row's miss of that number, still to be computed; else -1 */
    float *value;         /* [slots][dim] */

    /* Of the present row: */
    int misses, repeats;
    int32_t *miss;          /* [columns]: columns to be computed */
    int32_t *miss_slot;     /* [columns]: where each will be held */
    int32_t *repeat;        /* [columns]: columns that repeat a miss */
    int32_t *repeat_of;     /* [columns]: the number of that miss */
    float *fresh;           /* [columns][dim]: the caller computes the misses here */

    int rest;             /* rows for which nothing is looked up, because little was found */
};

/* Memory for rows of up to `columns` columns, from the arena. */
void memo_create(struct memo *memo, int dim, int columns, struct arena *arena);

/* Looks up a row: copies what is known to y: [columns][dim] and lists the misses.  False: nothing was
 * looked up, the whole row must be computed. */
bool memo_look_up(struct memo *memo, const uint64_t *identity, int columns, float *y);

/* Puts memo->fresh, which now holds the misses, into the row and into the memory. */
void memo_store(struct memo *memo, float *y);

/* Identities of a row of a 3x3 layer's output from those of its input's rows, each starting at the column
 * left of the first output's centre.  Identity 0 is a pixel outside the map. */
void memo_identify(uint64_t *identity, const uint64_t *const row[3], int columns, int stride);

/* The same for the first layer, whose input are the image's bytes and whose stride is 2. */
void memo_identify_ink(uint64_t *identity, const uint8_t *const row[3], int columns);

#endif

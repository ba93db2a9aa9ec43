/* Rows resampled on the way: area average where the image is reduced, cubic (Catmull-Rom) where it is
 * enlarged, each axis by itself, a few rows in memory.  Integer arithmetic: the same bytes everywhere. */
#ifndef SERVER_NORMALISE_RESAMPLE_H
#define SERVER_NORMALISE_RESAMPLE_H

#include <stdint.h>

#include "base/err.h"

enum { RESAMPLE_MAX_TAPS = 16 };

/* Gives row y of the image to be resampled, ink: [in_columns]; rows come in ascending order. */
typedef enum err_code (*resample_source)(void *ctx, int y, uint8_t *ink, struct err *e);

struct resample {
    int in_columns, in_rows, columns, rows;
    resample_source source;
    void *ctx;
    int next;               /* next row of the result */
    int fetched;            /* rows taken from the source so far */
    int taps;               /* horizontal weights of each column */
    int *first;             /* [columns]: first source column of each */
    int32_t *weights;       /* [columns, taps] */
    uint8_t *ring;          /* [RESAMPLE_MAX_TAPS, in_columns]: row y at y % RESAMPLE_MAX_TAPS */
    int32_t *sum;           /* [in_columns]: the rows under one result row, weighed together */
};

/* in_columns x in_rows become columns x rows, exactly edge to edge.  Reductions of more than
 * RESAMPLE_MAX_TAPS - 2 are a programmer's error (ERR_INTERNAL).  On failure nothing is kept; on success
 * resample_clear frees. */
enum err_code resample_init(struct resample *resample, int in_columns, int in_rows, int columns, int rows,
                            resample_source source, void *ctx, struct err *e);
void resample_clear(struct resample *resample);

/* The next row: ink: [columns]. */
enum err_code resample_next(struct resample *resample, uint8_t *ink, struct err *e);

/* The first row is next again. */
void resample_rewind(struct resample *resample);

#endif

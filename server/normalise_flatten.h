/* Gray rows with the paper taken away: its level is measured in blocks of about a third of an inch and
 * interpolated between their centres, so that shading, stains and yellowed paper go to 0 and lines keep
 * their sharpness. */
#ifndef SERVER_NORMALISE_FLATTEN_H
#define SERVER_NORMALISE_FLATTEN_H

#include <stdint.h>

#include "base/err.h"
#include "server/normalise_levels.h"

/* Gives the next row, ink: [columns]. */
typedef enum err_code (*flatten_source)(void *ctx, uint8_t *ink, struct err *e);

struct flatten {
    int columns, rows;
    int across, down;            /* blocks */
    flatten_source source;
    void *ctx;
    struct levels levels;
    int next, fetched;           /* rows given, rows taken from the source */
    int measured;                /* rows of blocks measured so far */
    int ring_rows;
    uint8_t *ring;               /* [ring_rows, columns]: row y at y % ring_rows */
    float *paper[2];             /* [across]: of block row k at k % 2 */
    float *between;              /* [across]: interpolated for one row */
    unsigned *histograms;        /* [across, 256] */
};

/* Rows come from `source`, which the caller rewinds together with this.  On failure nothing is kept; on
 * success flatten_clear frees. */
enum err_code flatten_init(struct flatten *flatten, int columns, int rows, const struct levels *levels,
                           flatten_source source, void *ctx, struct err *e);
void flatten_clear(struct flatten *flatten);
enum err_code flatten_next(struct flatten *flatten, uint8_t *ink, struct err *e);
void flatten_rewind(struct flatten *flatten);

#endif

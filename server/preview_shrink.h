/* An image reduced by any factor as its rows come in: exact area average. */
#ifndef SERVER_PREVIEW_SHRINK_H
#define SERVER_PREVIEW_SHRINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct shrink {
    int in_columns, in_rows, columns, rows;
    int taken;            /* rows taken so far */
    int given;            /* result rows completed so far */
    uint64_t *across;     /* [columns]: the row just taken, averaged along x */
    uint64_t *sum;        /* [columns]: of the result row under way */
};

/* columns <= in_columns, rows <= in_rows, all at least 1.  On success shrink_clear frees. */
enum err_code shrink_init(struct shrink *shrink, int in_columns, int in_rows, int columns, int rows, struct err *e);
void shrink_clear(struct shrink *shrink);

/* Takes the next row, in: [in_columns].  True when it completes a result row, then in out: [columns]. */
bool shrink_row(struct shrink *shrink, const uint8_t *in, uint8_t *out);

#endif

/* The network's answer for one track: quantised logits, kept sparsely, since a curve covers a few
 * pixels of each row.  A scan of 200,000 rows costs a few tens of bytes a row and class.
 *
 * One value is q = clamp(round(16 * logit) + 128, 0, 255); values under MASK_FLOOR (probability
 * under 2 %) are not kept and read as 0.  q = 128 is probability 1/2. */
#ifndef POSTPROC_MASK_H
#define POSTPROC_MASK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

enum { MASK_FLOOR = 64, MASK_HALF = 128, MASK_SCALE = 16 };

struct mask;

/* An empty mask of `classes` x `rows` x `columns`.  On success *out is the caller's. */
enum err_code mask_create(struct mask **out, int classes, int rows, int columns, struct err *e);
void mask_free(struct mask *mask);

int mask_classes(const struct mask *mask);
int mask_rows(const struct mask *mask);
int mask_columns(const struct mask *mask);

/* Logits of some rows: [classes, rows, columns], strides in floats.  Column x of row r is the mask's column
 * x0 + x + shift[r]; shift: [rows], or NULL for none. */
struct mask_logits {
    const float *at;
    size_t class_stride, row_stride;
    int columns, x0;
    const int *shift;
};

/* Stores rows y..y+rows-1 of every class; what falls outside the mask is dropped.  Each row is stored once.  Threads
 * may store disjoint rows at the same time. */
enum err_code mask_put(struct mask *mask, int y, int rows, const struct mask_logits *logits, struct err *e);

/* Reads one row of one class into q: [columns]; a row never stored reads as zeros. */
void mask_get(const struct mask *mask, int class_index, int y, uint8_t *q);

/* The first column from x on, before `end`, at which q is not zero; `end` if none.  Fast where most are. */
static inline int mask_next(const uint8_t *q, int x, int end)
{
    uint64_t eight;

    for (; x + (int)sizeof eight <= end; x += (int)sizeof eight) {
        memcpy(&eight, q + x, sizeof eight);
        if (eight)
            break;
    }
    while (x < end && !q[x])
        x++;
    return x;
}

#endif

#include "postproc/trace_evidence.h"

#include <math.h>

/* Ink that another curve of the same style explains may still be shared, where both follow one line. */
enum { CLAIMED = MASK_HALF - 14 };   /* probability 0.3 */

void evidence_init(struct evidence *ev, const struct mask *mask, const struct trace_track *track, int class_index)
{
    ev->mask = mask;
    ev->track = track;
    ev->class_index = class_index;
    ev->claims = NULL;
    ev->n_claims = 0;
    for (int q = 0; q < 256; q++)
        ev->probability[q] = q < MASK_FLOOR ? 0.005f : 1 / (1 + expf(-(float)(q - MASK_HALF) / MASK_SCALE));
}

void evidence_row(const struct evidence *ev, int y, uint8_t *q)
{
    int columns = mask_columns(ev->mask);

    mask_get(ev->mask, ev->class_index, y, q);
    for (size_t i = 0; i < ev->n_claims; i++) {
        struct claim c = ev->claims[i][y];

        for (int x = c.lo < 0 ? 0 : c.lo; x <= c.hi && x < columns; x++)
            if (q[x] > CLAIMED)
                q[x] = CLAIMED;
    }
}

void evidence_bounds(const struct evidence *ev, int y, int *lo, int *hi)
{
    double left = ev->track->left[y], right = ev->track->right[y];
    double beside = 2 + 0.015 * (right - left);

    *lo = (int)fmax(0, ceil(left - beside));
    *hi = (int)fmin(mask_columns(ev->mask) - 1, floor(right + beside));
}

#include "postproc/trace_evidence.h"

#include <math.h>
#include <string.h>

enum {
    SHARED = MASK_HALF - 32,     /* most that ink explained by another curve counts: probability 0.12 */
    BORROWED = MASK_HALF - 16,   /* most that another class's ink counts: probability 0.27, */
    SPARE = MASK_HALF            /* and beside curves of other classes that are traced: 0.5 */
};

void evidence_init(struct evidence *ev, const struct mask *mask, const struct trace_track *track, int class_index,
                   uint8_t *scratch)
{
    memset(ev, 0, sizeof *ev);
    ev->mask = mask;
    ev->track = track;
    ev->class_index = class_index;
    ev->scratch = scratch;
    for (int q = 0; q < 256; q++)
        ev->probability[q] = q < MASK_FLOOR ? 0.005f : 1 / (1 + expf(-(float)(q - MASK_HALF) / MASK_SCALE));
}

/* Lowers the flank of a claimed stroke from column x on in direction `way`: ink that falls from `inside`,
 * the stroke's value at the claim's end. */
static void limit_flank(uint8_t *q, int columns, int x, int way, uint8_t inside, uint8_t most)
{
    enum { FLANK = 4 };

    for (int k = 0; k < FLANK && x >= 0 && x < columns && q[x] && q[x] <= inside; k++, x += way) {
        inside = q[x];
        if (q[x] > most)
            q[x] = most;
    }
}

/* Lowers q to `most` where curves explain the ink. */
static void limit_claimed(const struct claims *claims, int y, int columns, uint8_t most, uint8_t *q)
{
    for (size_t i = 0; i < claims->n; i++) {
        int lo = claims->of[i][y].lo, hi = claims->of[i][y].hi;

        lo = lo < 0 ? 0 : lo;
        hi = hi >= columns ? columns - 1 : hi;
        if (lo > hi)
            continue;
        limit_flank(q, columns, lo - 1, -1, q[lo], most);
        limit_flank(q, columns, hi + 1, 1, q[hi], most);
        for (int x = lo; x <= hi; x++)
            if (q[x] > most)
                q[x] = most;
    }
}

void evidence_own(const struct evidence *ev, int y, uint8_t *q)
{
    mask_get(ev->mask, ev->class_index, y, q);
    limit_claimed(&ev->same, y, mask_columns(ev->mask), 0, q);
}

bool evidence_beside(const struct evidence *ev, int y)
{
    for (size_t i = 0; i < ev->others.n; i++)
        if (ev->others.of[i][y].lo <= ev->others.of[i][y].hi)
            return true;
    return false;
}

/* Adds to q what other classes hold, at most `most`, and at most `shared` where a curve explains it. */
static void add_other_classes(const struct evidence *ev, int y, uint8_t shared, uint8_t most, uint8_t *q)
{
    int columns = mask_columns(ev->mask);
    uint8_t *other = ev->scratch;

    for (int k = 0; k < mask_classes(ev->mask); k++) {
        if (k == ev->class_index)
            continue;
        mask_get(ev->mask, k, y, other);
        limit_claimed(&ev->same, y, columns, shared, other);
        limit_claimed(&ev->others, y, columns, shared, other);
        for (int x = 0; x < columns; x++) {
            uint8_t v = other[x] > most ? most : other[x];

            q[x] = v > q[x] ? v : q[x];
        }
    }
}

void evidence_all(const struct evidence *ev, int y, uint8_t *q)
{
    mask_get(ev->mask, ev->class_index, y, q);
    limit_claimed(&ev->same, y, mask_columns(ev->mask), SHARED, q);
    if (ev->borrow)
        add_other_classes(ev, y, SHARED, evidence_beside(ev, y) ? SPARE : BORROWED, q);
}

void evidence_stroke(const struct evidence *ev, int y, uint8_t *q)
{
    evidence_own(ev, y, q);
    if (ev->borrow && ev->class_index == STYLE_SOLID && !evidence_beside(ev, y))
        add_other_classes(ev, y, 0, UINT8_MAX, q);
}

void evidence_bounds(const struct evidence *ev, int y, int *lo, int *hi)
{
    double left = ev->track->left[y], right = ev->track->right[y];
    double beside = 2 + 0.015 * (right - left);

    *lo = (int)fmax(0, ceil(left - beside));
    *hi = (int)fmin(mask_columns(ev->mask) - 1, floor(right + beside));
}

struct evidence_row evidence_row(const struct evidence *ev, int y, const uint8_t *q)
{
    enum { BESIDE = 4 };
    struct evidence_row row = {.probability = ev->probability, .q = q};
    int columns = mask_columns(ev->mask);

    evidence_bounds(ev, y, &row.lo, &row.hi);
    row.first = row.lo < BESIDE ? 0 : row.lo - BESIDE;
    row.end = row.hi + BESIDE + 1 > columns ? columns : row.hi + BESIDE + 1;
    return row;
}

/* What the mask says of one curve, row by row. */
#ifndef POSTPROC_TRACE_EVIDENCE_H
#define POSTPROC_TRACE_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "postproc/mask.h"
#include "postproc/trace.h"

/* The part of each row's ink that a traced curve explains: columns lo..hi, none where lo > hi. */
struct claim { int lo, hi; };

/* Claims of a number of curves: [n][rows]. */
struct claims { const struct claim **of; size_t n; };

struct evidence {
    const struct mask *mask;
    const struct trace_track *track;
    int class_index;
    struct claims same, others;   /* curves of this class, and of other classes, that are traced already */
    bool borrow;                  /* other classes' ink counts a little: the network may mistake the style */
    uint8_t *scratch;             /* [columns] */
    float probability[256];       /* of a stored value */
};

/* Whether one of the curves explains some of the ink of columns first..last of row y. */
static inline bool claims_overlap(const struct claims *claims, int y, int first, int last)
{
    for (size_t i = 0; i < claims->n; i++) {
        struct claim claim = claims->of[i][y];

        if (claim.lo <= claim.hi && claim.lo <= last && first <= claim.hi)
            return true;
    }
    return false;
}

/* Whether one of the curves explains the ink at column x of row y. */
static inline bool claims_hold(const struct claims *claims, int y, int x)
{
    return claims_overlap(claims, y, x, x);
}

/* Sets up without claims.  scratch stays the caller's. */
void evidence_init(struct evidence *ev, const struct mask *mask, const struct trace_track *track, int class_index,
                   uint8_t *scratch);

/* Row y of the curve's own ink: q: [columns] as mask_get gives it, 0 where other curves of the class
 * explain it. */
void evidence_own(const struct evidence *ev, int y, uint8_t *q);

/* Whether curves of other classes are traced at row y: ink that they leave over is then rather this curve's. */
bool evidence_beside(const struct evidence *ev, int y);

/* Row y of all ink that the curve may follow: its own and, weakened, what it may share with other curves
 * and what other classes hold that no curve explains. */
void evidence_all(const struct evidence *ev, int y, uint8_t *q);

/* Row y of the ink that a stroke of the curve may run through: its own and, of a solid curve where none of another class
 * is traced, other classes' in full, since the network takes parts of a solid line that swings fast for dashes. */
void evidence_stroke(const struct evidence *ev, int y, uint8_t *q);

/* The columns in which a curve may lie at row y: the track and a little beside it, since pens overshoot.
 * *lo > *hi if none. */
void evidence_bounds(const struct evidence *ev, int y, int *lo, int *hi);

/* One row of ink, read as probabilities where somebody asks: a line is a few pixels of a row. */
struct evidence_row {
    const float *probability;   /* of a stored value; does not fall as that rises */
    const uint8_t *q;           /* [columns] */
    int lo, hi;                 /* the bounds */
    int first, end;             /* columns first..end-1, the bounds and a few beside, are read; the others count 0 */
};

/* Row y, whose ink is in q: [columns], now or later. */
struct evidence_row evidence_row(const struct evidence *ev, int y, const uint8_t *q);

static inline float evidence_at(const struct evidence_row *row, int x)
{
    return x >= row->first && x < row->end ? row->probability[row->q[x]] : 0;
}

#endif

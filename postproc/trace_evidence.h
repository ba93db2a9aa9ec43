/* What the mask says of one curve, row by row: the probability of ink, less what other curves explain. */
#ifndef POSTPROC_TRACE_EVIDENCE_H
#define POSTPROC_TRACE_EVIDENCE_H

#include <stdint.h>

#include "postproc/mask.h"
#include "postproc/trace.h"

/* The part of each row's ink that a traced curve explains: columns lo..hi, none where lo > hi. */
struct claim { int lo, hi; };

struct evidence {
    const struct mask *mask;
    const struct trace_track *track;
    int class_index;
    const struct claim *const *claims;   /* [n_claims][rows]: of other curves of the same style */
    size_t n_claims;
    float probability[256];              /* of a stored value */
};

void evidence_init(struct evidence *ev, const struct mask *mask, const struct trace_track *track, int class_index);

/* Row y: q: [columns], as mask_get gives it, claimed ink weakened. */
void evidence_row(const struct evidence *ev, int y, uint8_t *q);

/* The columns in which a curve may lie at row y: the track and a little beside it, since pens overshoot.
 * *lo > *hi if none. */
void evidence_bounds(const struct evidence *ev, int y, int *lo, int *hi);

#endif

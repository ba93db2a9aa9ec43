/* What a traced line looks like where it is right and where it is wrong: the features of the confidence's
 * logistic model.  tests/eval/fit_confidence.py fits the model to them. */
#ifndef POSTPROC_TRACE_CONFIDENCE_H
#define POSTPROC_TRACE_CONFIDENCE_H

#include "postproc/trace_line.h"

enum confidence_feature {
    CONFIDENCE_ONE,        /* always 1 */
    CONFIDENCE_PEAK,       /* the line's probability in the row */
    CONFIDENCE_LEAST,      /* the least of it 6 rows up and down */
    CONFIDENCE_RIVAL,      /* the probability of the line's style elsewhere in the row */
    CONFIDENCE_OTHER,      /* 1 where the line runs through ink of another style */
    CONFIDENCE_RUN,        /* how much wider the ink is than the line; this and the next: % of the track's width */
    CONFIDENCE_CENTRE,     /* distance of the line from its ink's centre of gravity */
    CONFIDENCE_SLOPE,      /* its way sideways over 6 rows */
    CONFIDENCE_ROUGH,      /* mean bend per row, 6 rows up and down */
    CONFIDENCE_WIDE_ROUGH, /* the same over 90 rows */
    CONFIDENCE_MEETINGS,   /* log(1 + how often it meets another line of its style), at most 2 */
    CONFIDENCE_FEATURES
};

/* Of line `at` of lines: [n], the track's lines of one style.  feature: [rows, CONFIDENCE_FEATURES]; rows
 * without a position are left alone. */
void confidence_features(const struct line *lines, size_t n, size_t at, const struct trace_track *track,
                         float (*feature)[CONFIDENCE_FEATURES]);

#endif

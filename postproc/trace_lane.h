/* Lanes: two curves drawn alike of which each keeps to a place of its own on the track. */
#ifndef POSTPROC_TRACE_LANE_H
#define POSTPROC_TRACE_LANE_H

#include "base/err.h"
#include "postproc/trace_line.h"

/* Adds to gain: [rows], as votes_add says, which line is the right one where both are in a lane, if over the page the
 * left and the right one each keep to a lane narrow against the distance between them; lanes are measured from the
 * track's left edge. */
enum err_code lane_gain(const struct line *a, const struct line *b, const struct trace_track *track, float *gain,
                        struct err *e);

#endif

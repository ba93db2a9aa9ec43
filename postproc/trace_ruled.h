/* A ruled line, such as a bit size, and a curve drawn like it that meets it again and again, such as a caliper. */
#ifndef POSTPROC_TRACE_RULED_H
#define POSTPROC_TRACE_RULED_H

#include "base/err.h"
#include "postproc/trace_line.h"

/* Adds to gain: [rows], as votes_add says, which line is the ruled one, where just one of them is on it; columns are
 * counted from the track's left edge.  Nothing if over most of the page neither keeps to a column, or both do. */
enum err_code ruled_gain(const struct line *a, const struct line *b, const struct trace_track *track, float *gain,
                         struct err *e);

#endif

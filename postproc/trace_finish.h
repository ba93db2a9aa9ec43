/* From a measured line to the finished trace: what is too faint goes, short holes are bridged, wraps are
 * counted, and each row gets its confidence. */
#ifndef POSTPROC_TRACE_FINISH_H
#define POSTPROC_TRACE_FINISH_H

#include "postproc/trace.h"
#include "postproc/trace_line.h"

/* Sets line->x to NaN in rows without enough evidence around them and bridges short holes linearly: there
 * ink is INK_NONE and x a number. */
void finish_gaps(struct line *line);

/* Sets line->x to NaN in long runs of rows in which it is the track's own border: past the end of a log the
 * border is the last ink there is. */
void finish_border(struct line *line, const struct trace_track *track);

/* Counts how often the curve has left the track on one side and come back on the other; wrap: [rows].
 * Only departures that later return are counted. */
enum err_code finish_wrap(const struct line *line, const struct trace_track *track, int *wrap, struct err *e);

/* confidence: [rows], of line `at` of lines: [n], the track's lines of one style; 0 where x is NaN. */
enum err_code finish_confidence(const struct line *lines, size_t n, size_t at, const struct trace_track *track,
                                float *confidence, struct err *e);

/* How far line `at` is to be believed: under 1 it is nowhere plainly there, nor its confidence more than little: no such
 * curve is there, and what was followed is other curves' ink and the grid's.  others: the claims of the track's curves of
 * other styles. */
enum err_code finish_belief(const struct line *lines, size_t n, size_t at, const struct trace_track *track,
                            const struct claims *others, float *belief, struct err *e);

#endif

/* The stretches of a line from one leap across paper to the next: where a curve is hidden or off the track its path
 * leaps to other ink, and back. */
#ifndef POSTPROC_TRACE_STRETCH_H
#define POSTPROC_TRACE_STRETCH_H

#include "postproc/trace_line.h"

/* Sets x to NaN in stretches of a finished line between two leaps in which other curves explain most of its ink and next to
 * none is plainly its own.  Where a scan begins or ends two curves may well lie on one another until one steps away.
 * others: the claims of the track's curves of other styles. */
void stretch_clear(struct line *line, const struct claims *others);

#endif

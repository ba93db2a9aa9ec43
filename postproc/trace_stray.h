/* Curves that leave the track for a while, whose paths meanwhile follow other ink. */
#ifndef POSTPROC_TRACE_STRAY_H
#define POSTPROC_TRACE_STRAY_H

#include "postproc/trace_line.h"

/* Takes the ink (INK_NONE, x NaN) from stretches in which the line's path has leapt to far ink that is not the
 * curve's, or that a curve of another class explains too, and from which it leaps back.  others: the claims of those
 * curves. */
void stray_clear(struct line *line, const struct claims *others);

#endif

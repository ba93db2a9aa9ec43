/* Two curves of one style told apart by how they are drawn: in which colour, how dark, and how thick. */
#ifndef POSTPROC_TRACE_STROKE_H
#define POSTPROC_TRACE_STROKE_H

#include "base/err.h"
#include "base/job.h"
#include "postproc/trace_line.h"

/* Fills shade, tint and breadth of lines: [n], the curves of one class in a track, from the scan's own ink where they are
 * plain; ink that curves of other classes explain (ev->others) is not theirs.  The track has shades. */
enum err_code stroke_read(struct line *lines, size_t n, const struct evidence *ev, const struct job *job,
                          struct err *e);

/* Where one of the two lines is steadily of another colour, darker or thicker than the other, adds to gain: [rows], as
 * votes_add says, which is.  Else gain stays. */
enum err_code stroke_gain(const struct line *a, const struct line *b, float *gain, struct err *e);

#endif

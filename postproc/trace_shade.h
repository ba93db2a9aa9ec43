/* Two curves of one style told apart by how dark they are drawn. */
#ifndef POSTPROC_TRACE_SHADE_H
#define POSTPROC_TRACE_SHADE_H

#include "base/err.h"
#include "base/job.h"
#include "postproc/trace_line.h"

/* Fills shade of lines: [n] with the darkest that the scan is where their plain ink is. */
enum err_code shade_read(struct line *lines, size_t n, const struct trace_track *track, int columns, const struct job *job,
                          struct err *e);

/* Where colours or pens make one of the two lines steadily darker than the other, adds to gain: [rows] what each row
 * says, in nats, for exchanging them: positive where b is the darker one.  Else gain stays as it is. */
enum err_code shade_gain(const struct line *a, const struct line *b, float *gain, struct err *e);

#endif

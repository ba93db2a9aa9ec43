/* Pairs of curves: which of two lines goes on as which where they meet. */
#ifndef POSTPROC_TRACE_PAIRS_H
#define POSTPROC_TRACE_PAIRS_H

#include "base/err.h"
#include "postproc/trace_line.h"

/* Exchanges the paths of a and b in the rows in which that makes both run straighter and, where they are
 * of different classes, follow more of the ink of their own, or of one class, keep the shade, the colour and the
 * thickness they are drawn in, their texture, their lane and, of a ruled line, its column.  Reads path, x and ink of both,
 * changes path, x, claim, shade, tint and breadth; the caller measures both again.  *changed is set to true if anything was
 * exchanged, else left alone. */
enum err_code pairs_untangle(struct line *a, const struct evidence *of_a, struct line *b,
                             const struct evidence *of_b, bool *changed, struct err *e);

#endif

/* One curve is asked for and two of its style are drawn: which of them is meant? */
#ifndef POSTPROC_TRACE_SPARE_H
#define POSTPROC_TRACE_SPARE_H

#include <stdbool.h>

#include "base/err.h"
#include "postproc/trace_line.h"

/* Whether so much ink of the class lies elsewhere in the track that a second curve may be there. */
bool spare_suspected(const struct line *line);

/* Takes the spare's path in the stretches in which both curves are there and the spare explains clearly more ink:
 * a measurement swings, a tension or reference line that runs along it does not, and the cheapest path down the
 * mask prefers the straight one.  A spare that is missing in many rows is no curve but ink that was left over.  Ink on
 * one of ev->others, curves of other classes that are traced, speaks against the spare: the network took their style
 * for this one.  Ink on the track's borders is no curve's.  Changes line's path; the caller measures it again if
 * *changed is set. */
enum err_code spare_settle(struct line *line, const struct line *spare, const struct evidence *ev, bool *changed,
                           struct err *e);

#endif

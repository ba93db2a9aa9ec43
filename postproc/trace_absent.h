/* Which of the curves that are looked for are not there. */
#ifndef POSTPROC_TRACE_ABSENT_H
#define POSTPROC_TRACE_ABSENT_H

#include "postproc/trace_work.h"

/* Judges the finished lines and, if some are no curves, gives up one or more of them, in w->absent, or looks for one in
 * another style, in its trace's `drawn`: the others are then to be found anew, since it took ink from them. */
enum err_code absent_find(struct work *w, bool *found, struct err *e);

#endif

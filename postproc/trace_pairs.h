/* Curves of one style: which of two lines goes on as which where they meet. */
#ifndef POSTPROC_TRACE_PAIRS_H
#define POSTPROC_TRACE_PAIRS_H

#include "postproc/trace_line.h"

/* Exchanges the paths of a and b from some rows on, wherever that makes both run straighter.  Reads x and
 * path of both; changes path only.  Returns how many exchanges were made. */
int pairs_untangle(struct line *a, struct line *b);

#endif

/* Curves of styles that were not asked for.  One that is drawn beside those that were is traced too, so that what it
 * explains is not taken for theirs: a track is asked for its gamma ray, and its caliper goes across that. */
#ifndef POSTPROC_TRACE_BYSTANDER_H
#define POSTPROC_TRACE_BYSTANDER_H

#include <stdbool.h>

#include "postproc/trace_line.h"

#define BYSTANDER_LEAST 0.45f   /* of all rows: one that is off the track half of the time counts, as porosities are */

/* Whether the track holds so much ink of the evidence's class that a curve of it may be there. */
bool bystander_suspected(const struct evidence *ev);

/* The share of rows in which the line is plain, on ink that is no other curve's: under BYSTANDER_LEAST it is no curve but
 * what the network takes for its class here and there.  others: the claims of the curves of other classes. */
float bystander_share(const struct line *line, const struct claims *others);

/* Whether the bystanders leave to a line that was asked for enough plain ink, of whatever style, to be a curve. */
bool bystander_leaves(const struct line *line, const struct claims *others);

#endif

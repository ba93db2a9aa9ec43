/* Curves of styles that were not asked for.  One that is drawn beside those that were is traced too, so that what it
 * explains is not taken for theirs: a track is asked for its gamma ray, and its caliper goes across that. */
#ifndef POSTPROC_TRACE_BYSTANDER_H
#define POSTPROC_TRACE_BYSTANDER_H

#include <stdbool.h>

#include "postproc/trace_line.h"

/* Whether the track holds so much ink of the evidence's class that a curve of it may be there. */
bool bystander_suspected(const struct evidence *ev);

/* Whether the line is a curve of its class: plain nearly throughout, on ink that is no other curve's.  What the network
 * takes for its class of a curve of another style is not.  others: the claims of the curves of other classes. */
bool bystander_there(const struct line *line, const struct claims *others);

/* Whether the bystanders leave to a line that was asked for as much plain ink, of whatever style, as one of its own needs. */
bool bystander_leaves(const struct line *line, const struct claims *others);

#endif

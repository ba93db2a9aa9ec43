/* The best continuous path down a mask by dynamic programming (Viterbi). */
#ifndef POSTPROC_TRACE_PATH_H
#define POSTPROC_TRACE_PATH_H

#include "base/err.h"
#include "base/job.h"
#include "postproc/trace_evidence.h"

/* Fills path: [rows] with a column for every row, whether there is ink or not.  Each row rewards the path
 * for ink and costs it for paper; a step sideways costs little along ink and much across paper, up to a
 * ceiling, so that a curve may cross the track within one row.  From one edge of the track to the other
 * the step is cheap: a curve that leaves on one side may come back on the other.
 * Time is rows x columns; memory is bounded by a window of rows, whatever the height. */
enum err_code trace_path(const struct evidence *ev, int *path, const struct job *job, struct err *e);

/* Columns from a track's edge within which a curve counts as being at the edge. */
double trace_edge_zone(double width);

/* Columns from x in row y to the nearer of the track's edges; NaN if x is. */
double trace_edge_distance(const struct trace_track *track, int y, double x);

/* Whether a step from column a of the row above to column b of row y goes around the track's edges: 1 off the right one
 * and in by the left, -1 the other way, else 0. */
int trace_around(const struct trace_track *track, int y, int a, int b);

/* The first of the highest of score[lo..hi]; lo <= hi. */
int trace_best_of(const float *score, int lo, int hi);

#endif

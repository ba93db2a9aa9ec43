/* Follows a track's printed borders and grid lines down the page, for paper that runs askew or drifts
 * sideways, so that a value is read against the paper it was printed on.
 *
 * Rows of ink are pushed in order as they are decoded; only band sums are kept. */
#ifndef POSTPROC_EDGES_H
#define POSTPROC_EDGES_H

#include <stdint.h>

#include "base/err.h"

struct edges;

/* For an image of `columns` x `rows` (mask pixels) and a track whose borders were given as left and
 * right (mask columns, centres).  On success *out is the caller's. */
enum err_code edges_create(struct edges **out, int rows, int columns, double left, double right, struct err *e);
void edges_free(struct edges *edges);

/* The next row of ink, 0 paper .. 255 ink: [columns]. */
void edges_push(struct edges *edges, const uint8_t *ink);

/* When all rows are pushed: fills left and right: [rows] with the edges' positions.  *drift is the
 * largest departure from what was given, in pixels; *found the share of bands in which printed lines
 * were seen (0: the given edges are returned as they are).  Where the printed lines are all the way within 0.75 px
 * of the given edges, these are right: a line's width is no reason to doubt them. */
enum err_code edges_solve(struct edges *edges, double *left, double *right, double *drift, double *found, struct err *e);

#endif

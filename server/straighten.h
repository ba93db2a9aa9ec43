/* Rows moved sideways before the network sees them, so that the tracks run straight down its input although the paper
 * runs askew: it was trained on grids that are upright but for a few pixels of drift. */
#ifndef SERVER_STRAIGHTEN_H
#define SERVER_STRAIGHTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "postproc/layout.h"
#include "postproc/table.h"

struct straighten {
    int *shift;      /* [rows of the input]: how many whole columns each is moved to the left; the caller's */
    bool planned;    /* by edges that are given: nothing is to be followed */
    bool moved;      /* some row is moved */
    double place;    /* columns by which the tracks, once moved, lie right of where they were given in the last row */
};

/* Fills shift: [rows], all 0 on entry, with how far the tracks lie to the right of their mean place in each row of an
 * input that lies on the scan as `geometry` says, by the edges that the layout gives: by their mean, since the tracks are
 * on the same paper.  Without edges nothing is planned; those that keep their place to within a few columns are left
 * alone. */
void straighten_plan(struct straighten *s, int rows, const struct layout *layout, const struct mask_geometry *geometry);

/* Settles the rows first..y1-1 by what is seen of the tracks in the rows y0..y1-1, of which those before `first` are
 * settled.  drift: [y1 - y0], how far the tracks lie to the right of where they were given, with settled rows moved by
 * their shift and the others by that of the last settled one.  The first rows are moved to where the tracks were given,
 * the others go on from those above them.  Paper that has kept its place to within a few columns is left alone. */
void straighten_follow(struct straighten *s, const double *drift, int y0, int first, int y1);

/* The shift with which the rows from `first` on begin. */
int straighten_hold(const struct straighten *s, int first);

/* Moves a row of ink, [columns], to the left by `shift`; what comes in from beyond its end is paper. */
void straighten_row(uint8_t *ink, int columns, int shift);

#endif

/* Rows moved sideways before the network sees them, so that the tracks run straight down its input although the paper
 * runs askew: it was trained on grids that are upright but for a few pixels of drift. */
#ifndef SERVER_STRAIGHTEN_H
#define SERVER_STRAIGHTEN_H

#include <stdint.h>

#include "postproc/layout.h"
#include "postproc/table.h"

/* Fills shift: [rows] with how far, in whole columns of an input that lies on the scan as `geometry` says, the tracks
 * lie to the right of their mean place in each row, by the edges that the layout gives: their mean, as the tracks are on
 * the same paper.  All 0 without edges. */
void straighten_plan(int *shift, int rows, const struct layout *layout, const struct mask_geometry *geometry);

/* Moves a row of ink, [columns], to the left by `shift`; what comes in from beyond its end is paper. */
void straighten_row(uint8_t *ink, int columns, int shift);

#endif

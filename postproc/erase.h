/* A traced curve taken out of a scan's ink, so that others can be seen without it. */
#ifndef POSTPROC_ERASE_H
#define POSTPROC_ERASE_H

#include <stdint.h>

/* Ink, 0 paper .. 255 black: [rows, columns]. */
struct erase_ink { uint8_t *at; int rows, columns; };

/* How thick, in columns, the stroke is along x: [rows], NaN where the curve is not, by the median of the rows in which it
 * goes down; 0 if it goes down nowhere. */
float erase_thickness(const struct erase_ink *ink, const float *x);

/* Makes 0 of what a round pen of that thickness inks along x: [rows], NaN where nothing is to be taken out.  What other
 * curves and the grid have there goes too. */
void erase_stroke(const struct erase_ink *ink, const float *x, float thickness);

#endif

/* The overlay picture: the scan in gray with the curves drawn over it in colours, by confidence. */
#ifndef POSTPROC_OVERLAY_H
#define POSTPROC_OVERLAY_H

#include <stdint.h>
#include <stdio.h>

#include "postproc/table.h"

/* A PNG written row by row: memory is a few rows, whatever the scan's height.  Rows are mask rows of a
 * bounding box that all tracks share; `reduce` >= 1 averages that many rows and columns into one. */
struct overlay;

struct overlay_track { int x; /* mask column 0 in the picture's full-size columns */ const struct trace *traces; size_t n; };

enum err_code overlay_begin(struct overlay **out, FILE *file, int columns, int rows, int reduce,
                            const struct overlay_track *tracks, size_t n_tracks, struct err *e);
/* The next row of ink, 0 paper .. 255 ink: [columns]. */
enum err_code overlay_push(struct overlay *overlay, const uint8_t *ink, struct err *e);
/* Writes what is left and closes the PNG (not the file).  Frees the overlay in any case. */
enum err_code overlay_end(struct overlay *overlay, struct err *e);
/* Frees without finishing.  NULL is allowed. */
void overlay_free(struct overlay *overlay);

/* The mask as an indexed PNG of the same size: one colour per class, row by row. */
enum err_code overlay_write_mask(FILE *file, const struct mask *mask, int reduce, struct err *e);

#endif

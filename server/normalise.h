/* From the scan's pixels to the network's: a region resampled to the checkpoint's resolution, paper at
 * about 0 and ink at about 255 whatever the scan's exposure, colour or sense, streamed row by row. */
#ifndef SERVER_NORMALISE_H
#define SERVER_NORMALISE_H

#include <stdbool.h>

#include "postproc/table.h"
#include "server/scan.h"

struct normalise;

/* Widths of the narrowest and the widest track that will be read, scan pixels. */
struct normalise_tracks { double narrow, wide; };

/* The region is columns x0..x1-1 and rows y0..y1-1 of the scan; `dpi` is the checkpoint's; `tracks` may be NULL
 * where their borders are not known.  The scan is probed first (paper and ink levels, negative or not, thickness
 * of lines), and its scale chosen (server/normalise_scale.h).
 * On success *out is the caller's; the scan must outlive it.  Errors: the scan's, ERR_NO_MEMORY. */
enum err_code normalise_open(struct normalise **out, struct scan *scan, int x0, int y0, int x1, int y1,
                             const struct normalise_tracks *tracks, int dpi, struct err *e);
void normalise_free(struct normalise *normalise);

/* Size of the result, and how it lies on the scan. */
int normalise_columns(const struct normalise *normalise);
int normalise_rows(const struct normalise *normalise);
const struct mask_geometry *normalise_geometry(const struct normalise *normalise);

/* Whether the file states a resolution that was not believed. */
bool normalise_doubts_dpi(const struct normalise *normalise);

/* The next row of the result, in order: ink: [columns]. */
enum err_code normalise_next(struct normalise *normalise, uint8_t *ink, struct err *e);

/* How dark the scan itself is at columns c0..c0+n-1 of row y of the result, without levelling: ink: [n], the nearest
 * pixels.  Reads the scan, so rows are best asked for in ascending order, and normalise_next only after
 * normalise_rewind. */
enum err_code normalise_shade(struct normalise *normalise, int y, int c0, int n, uint8_t *ink, struct err *e);

/* Whether the scan is in colour, and the colours there, as scan_read_tint gives them: tint: [n], the pixels of
 * normalise_shade. */
bool normalise_has_tint(const struct normalise *normalise);
enum err_code normalise_tint(struct normalise *normalise, int y, int c0, int n, uint8_t *tint, struct err *e);

/* Starts again at the first row (for the overlay's second pass). */
enum err_code normalise_rewind(struct normalise *normalise, struct err *e);

#endif

/* A PNG of palette indices, written row by row (libpng; PNG, W3C Recommendation). */
#ifndef POSTPROC_PICTURE_H
#define POSTPROC_PICTURE_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

struct picture_colour { uint8_t r, g, b; };

struct picture;

/* Opens a picture of columns x rows, both at least 1, at `bits` (1, 2, 4, 8) a pixel; 1 <= colours <= 2^bits.
 * On success *out is the caller's; the file stays the caller's. */
enum err_code picture_begin(struct picture **out, FILE *file, int columns, int rows, int bits,
                            const struct picture_colour *palette, int colours, struct err *e);

/* The next row: [columns] palette indices, one a byte.  ERR_DISK_FULL or ERR_STORE when the file fails,
 * ERR_NO_MEMORY; after that only picture_free. */
enum err_code picture_row(struct picture *picture, const uint8_t *indices, struct err *e);

/* Writes what is left and flushes the file, after the last row.  The picture is still to be freed. */
enum err_code picture_end(struct picture *picture, struct err *e);

void picture_free(struct picture *picture);

#endif

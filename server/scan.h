/* A scanned TIFF, opened and read row by row as gray ink.  libtiff decodes; nothing but a strip or a
 * row of tiles is ever in memory.  TIFF 6.0 (Adobe, 1992) and BigTIFF; first page only. */
#ifndef SERVER_SCAN_H
#define SERVER_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct scan;

struct scan_info {
    int width, height;       /* after the orientation tag is applied */
    double dpi_x, dpi_y;     /* 0 if the file does not say, or says what cannot be */
    int bits, samples;
    char compression[32], photometric[32];
};

struct scan_limits {
    uint64_t max_pixels;     /* ERR_TOO_LARGE over it, before anything is decoded */
    size_t max_bytes;        /* most memory that libtiff and the reader may use for one scan */
};

/* Opens the file and checks its header.  ERR_UNSUPPORTED (415, saying what was found) for what is not
 * a TIFF or a kind that is not read; ERR_TOO_LARGE; ERR_INVALID for zero or absurd dimensions;
 * ERR_MALFORMED for a directory that cannot be read; ERR_NOT_FOUND, ERR_STORE for a file that cannot.
 * On success *out is the caller's, freed with scan_close (NULL allowed). */
enum err_code scan_open(struct scan **out, const char *path, const struct scan_limits *limits, struct err *e);
void scan_close(struct scan *scan);
const struct scan_info *scan_info(const struct scan *scan);

/* Reads columns x0..x1-1 of row y into ink: [x1 - x0], 0 paper .. 255 ink (before normalisation).
 * Rows are asked for in ascending order; going back starts decoding the strip anew.  A strip that cannot
 * be decoded is ERR_MALFORMED naming its rows; libtiff's own text is in it.  Scans stored bottom up or
 * sideways (orientation 3 to 8) are copied to a temporary file on the first read: ERR_DISK_FULL,
 * ERR_INTERNAL. */
enum err_code scan_read(struct scan *scan, int y, int x0, int x1, uint8_t *ink, struct err *e);

/* Whether the scan is in colour, so that scan_read_tint has something to say: not of scans that are stored bottom up or
 * sideways, of which only ink is kept. */
bool scan_has_tint(const struct scan *scan);

/* Reads columns x0..x1-1 of row y into tint: [x1 - x0], as scan_read does: 128 where it is gray or black, other values from
 * 1 to 255 by colour. */
enum err_code scan_read_tint(struct scan *scan, int y, int x0, int x1, uint8_t *tint, struct err *e);

/* Rows decoded so far that libtiff complained of and yet gave: a few bad CCITT lines do not cost the scan,
 * but its user should be told.  More than 32 and a tenth of the scan is ERR_MALFORMED. */
uint64_t scan_damaged_rows(const struct scan *scan);

#endif

/* A scanned TIFF, opened and read row by row as gray ink.  libtiff decodes; nothing but a strip or a
 * row of tiles is ever in memory.  TIFF 6.0 (Adobe, 1992) and BigTIFF; first page only. */
#ifndef SERVER_SCAN_H
#define SERVER_SCAN_H

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
 * a TIFF or a kind that is not read; ERR_TOO_LARGE; ERR_INVALID for zero or absurd dimensions. */
enum err_code scan_open(struct scan **out, const char *path, const struct scan_limits *limits, struct err *e);
void scan_close(struct scan *scan);
const struct scan_info *scan_info(const struct scan *scan);

/* Reads columns x0..x1-1 of row y into ink: [x1 - x0], 0 paper .. 255 ink (before normalisation).
 * Rows are asked for in ascending order; going back starts decoding anew.  A strip that cannot be
 * decoded is ERR_MALFORMED naming its rows; libtiff's own text is in it. */
enum err_code scan_read(struct scan *scan, int y, int x0, int x1, uint8_t *ink, struct err *e);

#endif

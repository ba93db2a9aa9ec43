/* What the parts of the scan reader share; nobody else includes it.
 *
 *   scan_file   bytes: libtiff on pread
 *   scan_kind   what the tags say: is this a kind that is read, and how
 *   scan_rows   native rows: strips or tiles, decoded as they are asked for
 *   scan_ink    samples to ink
 *   scan_turn   the orientation tag: mirrored or spooled
 *   scan        the public functions */
#ifndef SERVER_SCAN_IMPL_H
#define SERVER_SCAN_IMPL_H

#include <stdbool.h>

#include "server/scan.h"
#include "server/scan_file.h"

enum { SCAN_MAX_PLANES = 4 };

/* How the samples of a pixel are read. */
struct scan_kind {
    uint32_t width, height;      /* as stored, before the orientation tag */
    uint16_t bits, samples, photometric, compression, orientation;
    bool separate;               /* one plane per sample */
    bool colour;                 /* the first three samples are R, G, B */
    int alpha;                   /* index of the alpha sample, or -1 */
    bool alpha_multiplied;       /* colours are already multiplied by alpha */
    bool tiled;
    uint32_t rows_per_strip, tile_width, tile_height;
};

/* One plane (all samples of it interleaved when there is just one) and its decoder's position. */
struct scan_plane {
    struct scan_file file;
    uint8_t *raw;                /* [raw_bytes]: the row last decoded, packed as libtiff gives it */
    int64_t row;                 /* its number; -1: none */
};

/* A row of tiles. */
struct scan_tiles {
    uint8_t *pixels;             /* [planes, across, tile_bytes] */
    bool *loaded;                /* [planes * across] */
    int64_t tile_row;            /* -1: none */
    uint32_t across;
    size_t tile_bytes, tile_row_bytes;
};

/* The scan's rows in display order, on disk, for orientations that reverse or transpose them. */
struct scan_spool {
    int fd;                      /* -1: not made */
    size_t row_bytes;
    bool packed;                 /* 1 bit per pixel */
    uint8_t *row;                /* [row_bytes] */
};

struct scan {
    struct scan_info info;
    struct scan_kind kind;
    size_t max_bytes;
    int n_planes;
    struct scan_plane planes[SCAN_MAX_PLANES];
    size_t raw_bytes;
    struct scan_tiles tiles;
    uint8_t *samples;            /* [width, samples]: 8 bits each, where there are several per pixel */
    uint8_t level[256];          /* ink of a one-sample value */
    uint8_t tint[256];           /* tint of a palette's value */
    uint8_t unpacked[256][8];    /* ink of the eight pixels of a byte, 1 bit each */
    struct scan_spool spool;
    uint64_t damaged_rows;
};

/* Reads the tags into scan->kind and scan->info.  ERR_UNSUPPORTED saying what was found; ERR_INVALID. */
enum err_code scan_kind_read(struct scan *scan, struct err *e);

/* Allocates the decoders' buffers, within max_bytes. */
enum err_code scan_rows_open(struct scan *scan, const char *path, struct err *e);
void scan_rows_close(struct scan *scan);

/* Decodes stored row y, at least its columns x0..x1-1, into every plane's raw. */
enum err_code scan_rows_read(struct scan *scan, uint32_t y, uint32_t x0, uint32_t x1, struct err *e);

/* Fills scan->level and scan->unpacked, and scan->tint from a palette. */
enum err_code scan_ink_open(struct scan *scan, struct err *e);

/* ink: [x1 - x0] of the row that scan_rows_read decoded. */
void scan_ink_row(struct scan *scan, uint32_t x0, uint32_t x1, uint8_t *ink);

/* tint: [x1 - x0] of that row, of a scan with colours. */
void scan_tint_row(struct scan *scan, uint32_t x0, uint32_t x1, uint8_t *tint);

/* Whether display rows are stored rows, from left to right or from right to left. */
bool scan_turn_keeps_rows(const struct scan *scan);

/* Closes the spool, if there is one. */
void scan_turn_close(struct scan *scan);

/* ink: [x1 - x0] of display row y. */
enum err_code scan_turn_read(struct scan *scan, uint32_t y, uint32_t x0, uint32_t x1, uint8_t *ink, struct err *e);

/* tint: [x1 - x0] of display row y, of a scan that keeps rows. */
enum err_code scan_turn_tint(struct scan *scan, uint32_t y, uint32_t x0, uint32_t x1, uint8_t *tint, struct err *e);

#endif

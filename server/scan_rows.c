#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "server/scan_impl.h"

/* Rows that libtiff decodes although it complains (a bad CCITT line) are kept as they come, up to a tenth
 * of the scan: an archive's scan with some bad lines is still a scan. */
enum { DAMAGED_ROWS_ALLOWED = 32, DAMAGED_SHARE = 10 };

/* JPEG holds YCbCr; libtiff converts when asked. */
static void set_up_decoder(const struct scan *scan, TIFF *tif)
{
    if (scan->kind.compression == COMPRESSION_JPEG && scan->kind.photometric == PHOTOMETRIC_YCBCR)
        TIFFSetField(tif, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
}

static enum err_code too_large(const struct scan *scan, struct err *e)
{
    return err_set(e, ERR_TOO_LARGE, "Decoding this %u by %u TIFF would need more than %zu MB of memory.",
                   scan->kind.width, scan->kind.height, scan->max_bytes >> 20);
}

static enum err_code measure_tiles(struct scan *scan, size_t *total, struct err *e)
{
    const struct scan_kind *kind = &scan->kind;
    struct scan_tiles *tiles = &scan->tiles;
    TIFF *tif = scan->planes[0].file.tif;
    uint64_t row_bits = (uint64_t)kind->tile_width * kind->bits * (kind->separate ? 1u : kind->samples);
    if (row_bits % 8)
        return err_set(e, ERR_UNSUPPORTED, "Tiles %u pixels wide with %u-bit samples are not read.", kind->tile_width,
                       kind->bits);
    tiles->tile_bytes = TIFFTileSize64(tif) > SIZE_MAX / 2 ? SIZE_MAX / 2 : (size_t)TIFFTileSize64(tif);
    tiles->tile_row_bytes = (size_t)(row_bits / 8);
    tiles->across = (uint32_t)(((uint64_t)kind->width + kind->tile_width - 1) / kind->tile_width);
    tiles->tile_row = -1;
    size_t expected = 0;
    if (!size_mul(tiles->tile_row_bytes, kind->tile_height, &expected) || expected != tiles->tile_bytes)
        return err_set(e, ERR_UNSUPPORTED, "Tiles of %zu bytes are not read: %u by %u pixels take %zu.",
                       tiles->tile_bytes, kind->tile_width, kind->tile_height, expected);
    if (!size_mul(tiles->tile_row_bytes, tiles->across, &scan->raw_bytes) ||
        !size_mul(tiles->tile_bytes, tiles->across, total))
        return too_large(scan, e);
    return ERR_OK;
}

/* Bytes of the row buffer, and of all that decoding keeps at a time. */
static enum err_code measure(struct scan *scan, struct err *e)
{
    const struct scan_kind *kind = &scan->kind;
    size_t total = 0, per_pixel;
    scan_file_listen(&scan->planes[0].file);
    set_up_decoder(scan, scan->planes[0].file.tif);
    if (kind->tiled) {
        enum err_code rc = measure_tiles(scan, &total, e);
        if (rc != ERR_OK)
            return rc;
    } else {
        uint64_t bits = (uint64_t)kind->width * kind->bits * (kind->separate ? 1u : kind->samples);
        uint64_t bytes = TIFFScanlineSize64(scan->planes[0].file.tif);
        if (bytes < (bits + 7) / 8 || bytes > SIZE_MAX / 8)
            return scan_file_failure(&scan->planes[0].file, "The size of the TIFF's rows", e);
        scan->raw_bytes = (size_t)bytes;
    }
    /* CCITT keeps two lists of runs, 4 bytes for each of up to all columns, twice. */
    if (!size_add(total, scan->raw_bytes, &total) || !size_mul(total, (size_t)scan->n_planes, &total) ||
        !size_mul(kind->width, 16u + kind->samples, &per_pixel) || !size_add(total, per_pixel, &total) ||
        total > scan->max_bytes)
        return too_large(scan, e);
    return ERR_OK;
}

static enum err_code allocate(struct scan *scan, struct err *e)
{
    struct scan_tiles *tiles = &scan->tiles;
    for (int p = 0; p < scan->n_planes; p++) {
        scan->planes[p].row = -1;
        if (!(scan->planes[p].raw = calloc(1, scan->raw_bytes)))
            return err_memory(e, "a row of the scan");
    }
    if (scan->kind.samples > 1 && !(scan->samples = malloc((size_t)scan->kind.width * scan->kind.samples)))
        return err_memory(e, "a row of the scan");
    if (!scan->kind.tiled)
        return ERR_OK;
    size_t n = (size_t)scan->n_planes * tiles->across;
    tiles->pixels = malloc(n * tiles->tile_bytes);
    tiles->loaded = calloc(n, sizeof *tiles->loaded);
    return tiles->pixels && tiles->loaded ? ERR_OK : err_memory(e, "a row of the scan's tiles");
}

enum err_code scan_rows_open(struct scan *scan, const char *path, struct err *e)
{
    scan->n_planes = scan->kind.separate ? scan->kind.samples : 1;
    enum err_code rc = measure(scan, e);
    if (rc != ERR_OK)
        return rc;
    /* A decoder per plane: one alone would start a strip anew at each change of plane. */
    for (int p = 1; p < scan->n_planes && !scan->kind.tiled; p++) {
        if ((rc = scan_file_open(&scan->planes[p].file, path, scan->max_bytes, e)) != ERR_OK)
            return rc;
        set_up_decoder(scan, scan->planes[p].file.tif);
    }
    return allocate(scan, e);
}

void scan_rows_close(struct scan *scan)
{
    for (int p = 0; p < SCAN_MAX_PLANES; p++) {
        scan_file_close(&scan->planes[p].file);
        free(scan->planes[p].raw);
    }
    free(scan->samples);
    free(scan->tiles.pixels);
    free(scan->tiles.loaded);
}

/* What libtiff said while rows were decoded that it did not refuse. */
static enum err_code count_damage(struct scan *scan, struct scan_file *file, uint32_t row, uint32_t rows, struct err *e)
{
    if (!file->complaints)
        return ERR_OK;
    scan->damaged_rows += rows;
    if (scan->damaged_rows <= DAMAGED_ROWS_ALLOWED + scan->kind.height / DAMAGED_SHARE)
        return ERR_OK;
    char what[96];
    snprintf(what, sizeof what, "Row %u, one of %llu damaged rows of the TIFF,", row,
             (unsigned long long)scan->damaged_rows);
    return scan_file_failure(file, what, e);
}

/* libtiff holds a compressed strip whole. */
static enum err_code check_strip_bytes(struct scan *scan, struct scan_file *file, uint32_t strip, struct err *e)
{
    uint64_t bytes = TIFFGetStrileByteCount(file->tif, strip);
    if (bytes <= scan->max_bytes)
        return ERR_OK;
    return err_set(e, ERR_TOO_LARGE, "A strip of the TIFF takes %llu bytes; %zu are allowed in memory.",
                   (unsigned long long)bytes, scan->max_bytes);
}

static enum err_code read_strip_row(struct scan *scan, int p, uint32_t y, struct err *e)
{
    struct scan_plane *plane = &scan->planes[p];
    const struct scan_kind *kind = &scan->kind;
    if (plane->row == y)
        return ERR_OK;
    uint32_t first = y - y % kind->rows_per_strip, row = first;
    enum err_code rc;
    if (plane->row >= first && plane->row < y)
        row = (uint32_t)plane->row + 1;
    else if ((rc = check_strip_bytes(scan, &plane->file, TIFFComputeStrip(plane->file.tif, y, (uint16_t)p), e)) != ERR_OK)
        return rc;
    plane->row = -1;
    for (; row <= y; row++) {
        scan_file_listen(&plane->file);
        if (TIFFReadScanline(plane->file.tif, plane->raw, row, (uint16_t)p) < 0) {
            char what[64];
            uint32_t last = kind->height - first > kind->rows_per_strip ? first + kind->rows_per_strip : kind->height;
            snprintf(what, sizeof what, "Row %u (in the strip of rows %u to %u)", row, first, last - 1);
            return scan_file_failure(&plane->file, what, e);
        }
        if ((rc = count_damage(scan, &plane->file, row, 1, e)) != ERR_OK)
            return rc;
    }
    plane->row = y;
    return ERR_OK;
}

static enum err_code load_tile(struct scan *scan, int p, uint32_t t, uint32_t top, struct err *e)
{
    const struct scan_kind *kind = &scan->kind;
    struct scan_tiles *tiles = &scan->tiles;
    struct scan_file *file = &scan->planes[0].file;
    size_t i = (size_t)p * tiles->across + t;
    if (tiles->loaded[i])
        return ERR_OK;
    uint32_t number = TIFFComputeTile(file->tif, t * kind->tile_width, top, 0, (uint16_t)p);
    enum err_code rc = check_strip_bytes(scan, file, number, e);
    if (rc != ERR_OK)
        return rc;
    scan_file_listen(file);
    if (TIFFReadEncodedTile(file->tif, number, tiles->pixels + i * tiles->tile_bytes, (tmsize_t)tiles->tile_bytes) !=
        (tmsize_t)tiles->tile_bytes) {
        char what[64];
        snprintf(what, sizeof what, "The tile at column %u, row %u", t * kind->tile_width, top);
        return scan_file_failure(file, what, e);
    }
    tiles->loaded[i] = true;
    return count_damage(scan, file, top, 1, e);
}

static enum err_code read_tile_row(struct scan *scan, int p, uint32_t y, uint32_t x0, uint32_t x1, struct err *e)
{
    struct scan_tiles *tiles = &scan->tiles;
    uint32_t tile_row = y / scan->kind.tile_height, top = tile_row * scan->kind.tile_height;
    if (tiles->tile_row != tile_row) {
        memset(tiles->loaded, 0, (size_t)scan->n_planes * tiles->across * sizeof *tiles->loaded);
        tiles->tile_row = tile_row;
    }
    for (uint32_t t = x0 / scan->kind.tile_width; t <= (x1 - 1) / scan->kind.tile_width; t++) {
        enum err_code rc = load_tile(scan, p, t, top, e);
        if (rc != ERR_OK)
            return rc;
        memcpy(scan->planes[p].raw + t * tiles->tile_row_bytes,
               tiles->pixels + ((size_t)p * tiles->across + t) * tiles->tile_bytes + (y - top) * tiles->tile_row_bytes,
               tiles->tile_row_bytes);
    }
    return ERR_OK;
}

enum err_code scan_rows_read(struct scan *scan, uint32_t y, uint32_t x0, uint32_t x1, struct err *e)
{
    enum err_code rc = ERR_OK;
    for (int p = 0; p < scan->n_planes && rc == ERR_OK; p++)
        rc = scan->kind.tiled ? read_tile_row(scan, p, y, x0, x1, e) : read_strip_row(scan, p, y, e);
    return rc;
}

#include "server/scan.h"

#include <stdlib.h>
#include <string.h>

#include "server/scan_impl.h"

static enum err_code check_pixels(const struct scan_kind *kind, const struct scan_limits *limits, struct err *e)
{
    uint64_t pixels = (uint64_t)kind->width * kind->height;
    if (pixels <= limits->max_pixels)
        return ERR_OK;
    return err_set(e, ERR_TOO_LARGE, "The scan is %u by %u, %llu million pixels; up to %llu million are read.",
                   kind->width, kind->height, (unsigned long long)(pixels / 1000000),
                   (unsigned long long)(limits->max_pixels / 1000000));
}

enum err_code scan_open(struct scan **out, const char *path, const struct scan_limits *limits, struct err *e)
{
    struct scan *scan = calloc(1, sizeof *scan);
    if (!scan)
        return err_memory(e, "the scan");
    scan->spool.fd = -1;
    scan->max_bytes = limits->max_bytes;
    enum err_code rc;
    if ((rc = scan_file_open(&scan->planes[0].file, path, limits->max_bytes, e)) != ERR_OK ||
        (rc = scan_kind_read(scan, e)) != ERR_OK || (rc = check_pixels(&scan->kind, limits, e)) != ERR_OK ||
        (rc = scan_rows_open(scan, path, e)) != ERR_OK || (rc = scan_ink_open(scan, e)) != ERR_OK) {
        scan_close(scan);
        return rc;
    }
    *out = scan;
    return ERR_OK;
}

void scan_close(struct scan *scan)
{
    if (!scan)
        return;
    scan_turn_close(scan);
    scan_rows_close(scan);
    free(scan);
}

const struct scan_info *scan_info(const struct scan *scan)
{
    return &scan->info;
}

uint64_t scan_damaged_rows(const struct scan *scan)
{
    return scan->damaged_rows;
}

bool scan_has_tint(const struct scan *scan)
{
    return (scan->kind.colour || scan->kind.photometric == PHOTOMETRIC_PALETTE) && scan_turn_keeps_rows(scan);
}

static enum err_code check_inside(const struct scan *scan, int y, int x0, int x1, struct err *e)
{
    if (y >= 0 && y < scan->info.height && x0 >= 0 && x0 < x1 && x1 <= scan->info.width)
        return ERR_OK;
    return err_set(e, ERR_INVALID, "Row %d, columns %d to %d lie outside the scan of %d by %d.", y, x0, x1 - 1,
                   scan->info.width, scan->info.height);
}

enum err_code scan_read(struct scan *scan, int y, int x0, int x1, uint8_t *ink, struct err *e)
{
    enum err_code rc = check_inside(scan, y, x0, x1, e);
    return rc ? rc : scan_turn_read(scan, (uint32_t)y, (uint32_t)x0, (uint32_t)x1, ink, e);
}

enum err_code scan_read_tint(struct scan *scan, int y, int x0, int x1, uint8_t *tint, struct err *e)
{
    enum err_code rc = check_inside(scan, y, x0, x1, e);
    if (rc != ERR_OK)
        return rc;
    if (scan_has_tint(scan))
        return scan_turn_tint(scan, (uint32_t)y, (uint32_t)x0, (uint32_t)x1, tint, e);
    memset(tint, 128, (size_t)(x1 - x0));
    return ERR_OK;
}

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/scan_impl.h"

/* TIFF 6.0, Orientation: 1 to 4 keep rows as rows, 5 to 8 store columns as rows.  Rows stored bottom up or
 * sideways can be had in display order only from a copy that allows any order of reading: it lies in an
 * unlinked file in $TMPDIR (or /tmp), no larger than the scan's pixels, 1-bit scans packed. */

enum { SPOOL_BUFFER = 32 << 20, COLUMN_GROUP = 64 };

static bool transposed(const struct scan *scan)
{
    return scan->kind.orientation >= ORIENTATION_LEFTTOP;
}

static bool flips_x(const struct scan *scan)
{
    unsigned o = scan->kind.orientation;
    return o == ORIENTATION_TOPRIGHT || o == ORIENTATION_BOTRIGHT || o == ORIENTATION_RIGHTTOP || o == ORIENTATION_RIGHTBOT;
}

static bool flips_y(const struct scan *scan)
{
    unsigned o = scan->kind.orientation;
    return o == ORIENTATION_BOTRIGHT || o == ORIENTATION_BOTLEFT || o == ORIENTATION_RIGHTBOT || o == ORIENTATION_LEFTBOT;
}

static bool needs_spool(const struct scan *scan)
{
    return transposed(scan) || flips_y(scan);
}

static enum err_code disk_failure(struct err *e)
{
    return err_no_room(errno)
               ? err_set(e, ERR_DISK_FULL, "No space left in the temporary folder to turn the scan upright.")
               : err_set(e, ERR_INTERNAL, "The scan cannot be turned upright in the temporary folder: %s.", strerror(errno));
}

static enum err_code make_file(struct scan_spool *spool, struct err *e)
{
    const char *folder = getenv("TMPDIR");
    char path[PATH_MAX];
    if (!folder || !*folder)
        folder = "/tmp";
    if (snprintf(path, sizeof path, "%s/scan-XXXXXX", folder) >= (int)sizeof path)
        return err_set(e, ERR_INTERNAL, "The name of the temporary folder is too long.");
    spool->fd = mkostemp(path, O_CLOEXEC);
    if (spool->fd < 0)
        return disk_failure(e);
    unlink(path);
    return ERR_OK;
}

static enum err_code write_at(int fd, const uint8_t *bytes, size_t n, uint64_t at, struct err *e)
{
    while (n) {
        ssize_t done = pwrite(fd, bytes, n, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return disk_failure(e);
        bytes += done;
        n -= (size_t)done;
        at += (uint64_t)done;
    }
    return ERR_OK;
}

/* Ink of `n` pixels, `stride` apart, as the spool holds it; returns the bytes written to `out`. */
static size_t put_pixels(const struct scan_spool *spool, const uint8_t *ink, size_t stride, size_t n, uint8_t *out)
{
    if (!spool->packed) {
        for (size_t i = 0; i < n; i++)
            out[i] = ink[i * stride];
        return n;
    }
    memset(out, 0, (n + 7) / 8);
    for (size_t i = 0; i < n; i++)
        out[i / 8] |= (uint8_t)((ink[i * stride] & 0x80) >> i % 8);
    return (n + 7) / 8;
}

/* Columns x0..x1-1 of stored row y, as `convert` gives them: scan_ink_row or scan_tint_row. */
static enum err_code read_stored(struct scan *scan, uint32_t y, uint32_t x0, uint32_t x1,
                                 void (*convert)(struct scan *scan, uint32_t x0, uint32_t x1, uint8_t *out), uint8_t *out,
                                 struct err *e)
{
    enum err_code rc = scan_rows_read(scan, y, x0, x1, e);
    if (rc == ERR_OK)
        convert(scan, x0, x1, out);
    return rc;
}

static enum err_code spool_rows(struct scan *scan, uint8_t *ink, uint8_t *out, struct err *e)
{
    enum err_code rc = ERR_OK;
    for (uint32_t y = 0; y < scan->kind.height && rc == ERR_OK; y++) {
        if ((rc = read_stored(scan, y, 0, scan->kind.width, scan_ink_row, ink, e)) != ERR_OK)
            break;
        size_t n = put_pixels(&scan->spool, ink, 1, scan->kind.width, out);
        rc = write_at(scan->spool.fd, out, n, (uint64_t)y * scan->spool.row_bytes, e);
    }
    return rc;
}

/* `block` stored rows at a time; each of their columns is a piece of a row of the spool.  block % 8 == 0. */
static enum err_code spool_columns(struct scan *scan, uint8_t *ink, uint8_t *out, uint32_t block, struct err *e)
{
    uint32_t width = scan->kind.width, height = scan->kind.height;
    for (uint32_t y = 0; y < height; y += block) {
        uint32_t n = height - y < block ? height - y : block;
        enum err_code rc = ERR_OK;
        for (uint32_t i = 0; i < n && rc == ERR_OK; i++)
            rc = read_stored(scan, y + i, 0, width, scan_ink_row, ink + (size_t)i * width, e);
        uint64_t at = scan->spool.packed ? y / 8 : y;
        for (uint32_t x = 0; x < width && rc == ERR_OK; x++) {
            size_t bytes = put_pixels(&scan->spool, ink + x, width, n, out);
            rc = write_at(scan->spool.fd, out, bytes, (uint64_t)x * scan->spool.row_bytes + at, e);
        }
        if (rc != ERR_OK)
            return rc;
    }
    return ERR_OK;
}

static enum err_code make_spool(struct scan *scan, struct err *e)
{
    struct scan_spool *spool = &scan->spool;
    size_t width = scan->kind.width, block = 1;
    spool->packed = scan->kind.bits == 1 && scan->kind.samples == 1 && scan->kind.photometric != PHOTOMETRIC_PALETTE;
    size_t columns = (size_t)scan->info.width;
    spool->row_bytes = spool->packed ? (columns + 7) / 8 : columns;
    if (transposed(scan)) {
        block = SPOOL_BUFFER / width / 8 * 8;
        size_t most = ((size_t)scan->kind.height + 7) / 8 * 8;
        block = block < 8 ? 8 : block > most ? most : block;
    }
    uint8_t *ink = malloc(width * block), *out = malloc(width > block ? width : block);
    spool->row = malloc(spool->row_bytes);
    enum err_code rc = ink && out && spool->row ? make_file(spool, e) : err_memory(e, "turning the scan upright");
    if (rc == ERR_OK)
        rc = transposed(scan) ? spool_columns(scan, ink, out, (uint32_t)block, e) : spool_rows(scan, ink, out, e);
    if (rc != ERR_OK)
        scan_turn_close(scan);
    free(ink);
    free(out);
    return rc;
}

void scan_turn_close(struct scan *scan)
{
    if (scan->spool.fd >= 0)
        close(scan->spool.fd);
    free(scan->spool.row);
    scan->spool.fd = -1;
    scan->spool.row = NULL;
}

/* Columns x0..x1-1 of row y of the spool. */
static enum err_code read_spool(struct scan *scan, uint32_t y, uint32_t x0, uint32_t x1, uint8_t *ink, struct err *e)
{
    struct scan_spool *spool = &scan->spool;
    size_t first = spool->packed ? x0 / 8 : x0, n = (spool->packed ? (x1 + 7) / 8 : x1) - first;
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(spool->fd, spool->row + done, n - done, (off_t)((uint64_t)y * spool->row_bytes + first + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return err_set(e, ERR_INTERNAL, "The temporary copy of the scan cannot be read.");
        done += (size_t)got;
    }
    if (!spool->packed)
        memcpy(ink, spool->row, n);
    else
        for (uint32_t x = x0; x < x1; x++)
            ink[x - x0] = spool->row[x / 8 - first] & 0x80 >> x % 8 ? 255 : 0;
    return ERR_OK;
}

static void reverse(uint8_t *ink, size_t n)
{
    for (size_t i = 0, j = n; i + 1 < j; i++) {
        uint8_t t = ink[i];
        ink[i] = ink[--j];
        ink[j] = t;
    }
}

bool scan_turn_keeps_rows(const struct scan *scan)
{
    return !needs_spool(scan);
}

/* The stored columns of display columns x0..x1-1. */
static void stored_columns(const struct scan *scan, uint32_t *x0, uint32_t *x1)
{
    uint32_t width = (uint32_t)scan->info.width, first = width - *x1;
    if (!flips_x(scan))
        return;
    *x1 = width - *x0;
    *x0 = first;
}

enum err_code scan_turn_tint(struct scan *scan, uint32_t y, uint32_t x0, uint32_t x1, uint8_t *tint, struct err *e)
{
    stored_columns(scan, &x0, &x1);
    enum err_code rc = read_stored(scan, y, x0, x1, scan_tint_row, tint, e);
    if (rc == ERR_OK && flips_x(scan))
        reverse(tint, x1 - x0);
    return rc;
}

enum err_code scan_turn_read(struct scan *scan, uint32_t y, uint32_t x0, uint32_t x1, uint8_t *ink, struct err *e)
{
    enum err_code rc;
    stored_columns(scan, &x0, &x1);
    if (flips_y(scan))
        y = (uint32_t)scan->info.height - 1 - y;
    if (needs_spool(scan)) {
        if (scan->spool.fd < 0 && (rc = make_spool(scan, e)) != ERR_OK)
            return rc;
        rc = read_spool(scan, y, x0, x1, ink, e);
    } else {
        rc = read_stored(scan, y, x0, x1, scan_ink_row, ink, e);
    }
    if (rc == ERR_OK && flips_x(scan))
        reverse(ink, x1 - x0);
    return rc;
}

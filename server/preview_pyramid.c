#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/size.h"
#include "server/preview.h"
#include "server/preview_gray.h"

enum { MAX_LEVELS = 32, CHECK_ROWS = 64 };

/* One level under way: the rows of its current row of tiles. */
struct level {
    int width, height;
    int taken;           /* rows so far */
    uint8_t *rows;       /* [PREVIEW_TILE, width] */
};

struct builder {
    const char *folder;
    bool bilevel;        /* level 0 has no gray */
    int levels;
    struct level level[MAX_LEVELS];
};

static int half_of(int n)
{
    return n / 2 + n % 2;
}

void preview_level_size(const struct preview_pyramid *pyramid, int level, int *width, int *height)
{
    *width = pyramid->width;
    *height = pyramid->height;
    for (; level > 0; level--) {
        *width = half_of(*width);
        *height = half_of(*height);
    }
}

static int count_levels(int width, int height)
{
    int n = 1;
    for (; width > PREVIEW_TILE || height > PREVIEW_TILE; n++) {
        width = half_of(width);
        height = half_of(height);
    }
    return n;
}

static int tiles_in(int pixels)
{
    return (pixels - 1) / PREVIEW_TILE + 1;
}

enum err_code preview_tile_path(char *path, size_t size, const char *folder, const struct preview_pyramid *pyramid,
                                int level, int column, int row, struct err *e)
{
    int width = 0, height = 0;
    if (level >= 0 && level < pyramid->levels)
        preview_level_size(pyramid, level, &width, &height);
    if (width == 0 || column < 0 || column >= tiles_in(width) || row < 0 || row >= tiles_in(height))
        return err_set(e, ERR_NOT_FOUND, "There is no tile %d, %d on level %d.", column, row, level);
    if ((size_t)snprintf(path, size, "%s/%d/%d_%d.png", folder, level, column, row) >= size)
        return err_set(e, ERR_STORE, "The tile's path is too long.");
    return ERR_OK;
}

static enum err_code write_tile_rows(struct picture *picture, const uint8_t *ink, int stride, int width, int rows,
                                     bool bilevel, struct err *e)
{
    uint8_t bits[PREVIEW_TILE];
    enum err_code rc = ERR_OK;
    for (int y = 0; y < rows && rc == ERR_OK; y++, ink += stride) {
        if (bilevel)
            for (int x = 0; x < width; x++)
                bits[x] = ink[x] >> 7;
        rc = picture_row(picture, bilevel ? bits : ink, e);
    }
    return rc == ERR_OK ? picture_end(picture, e) : rc;
}

static enum err_code write_tile(const struct builder *b, int level, int column, int row, int rows, struct err *e)
{
    const struct level *l = &b->level[level];
    char path[PATH_MAX];
    struct picture *picture = NULL;
    int x = column * PREVIEW_TILE, width = l->width - x < PREVIEW_TILE ? l->width - x : PREVIEW_TILE;
    bool bilevel = b->bilevel && level == 0;
    if (snprintf(path, sizeof path, "%s/%d/%d_%d.png", b->folder, level, column, row) >= (int)sizeof path)
        return err_set(e, ERR_STORE, "The tile's path is too long.");
    FILE *file = fopen(path, "wb");
    if (!file)
        return preview_disk_failure("a tile", e);
    enum err_code rc = preview_gray_begin(&picture, file, width, rows, bilevel, e);
    if (rc == ERR_OK)
        rc = write_tile_rows(picture, l->rows + x, l->width, width, rows, bilevel, e);
    picture_free(picture);
    if (fclose(file) != 0 && rc == ERR_OK)
        rc = preview_disk_failure("a tile", e);
    return rc;
}

/* Writes the level's row of tiles once its last row is there. */
static enum err_code flush_level(const struct builder *b, int level, struct err *e)
{
    const struct level *l = &b->level[level];
    if (l->taken % PREVIEW_TILE != 0 && l->taken != l->height)
        return ERR_OK;
    int row = (l->taken - 1) / PREVIEW_TILE, rows = l->taken - row * PREVIEW_TILE;
    enum err_code rc = ERR_OK;
    for (int column = 0; column < tiles_in(l->width) && rc == ERR_OK; column++)
        rc = write_tile(b, level, column, row, rows, e);
    return rc;
}

/* Two rows become one of half the width; an odd edge is averaged with itself. */
static void halve(const uint8_t *upper, const uint8_t *lower, int width, uint8_t *out)
{
    for (int x = 0; x < width / 2; x++)
        out[x] = (uint8_t)((upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1] + 2) >> 2);
    if (width % 2)
        out[width / 2] = (uint8_t)((upper[width - 1] + lower[width - 1] + 1) >> 1);
}

/* A row was put at the end of level's rows: complete its tiles, and the levels above it. */
static enum err_code row_taken(struct builder *b, int level, struct err *e)
{
    for (;; level++) {
        struct level *l = &b->level[level], *next = l + 1;
        l->taken++;
        enum err_code rc = flush_level(b, level, e);
        if (rc != ERR_OK || level + 1 == b->levels || (l->taken % 2 && l->taken != l->height))
            return rc;
        const uint8_t *lower = l->rows + (size_t)((l->taken - 1) % PREVIEW_TILE) * (size_t)l->width;
        const uint8_t *upper = l->taken % 2 ? lower : lower - l->width;
        halve(upper, lower, l->width, next->rows + (size_t)(next->taken % PREVIEW_TILE) * (size_t)next->width);
    }
}

static enum err_code prepare(struct builder *b, const struct scan_info *info, size_t max_bytes, struct err *e)
{
    struct preview_pyramid pyramid = { info->width, info->height, count_levels(info->width, info->height) };
    char path[PATH_MAX];
    b->levels = pyramid.levels;
    b->bilevel = info->bits == 1 && info->samples == 1 && strcmp(info->photometric, "palette") != 0;
    /* All levels together take less than twice the first. */
    if ((size_t)info->width > max_bytes / (2 * PREVIEW_TILE))
        return err_set(e, ERR_TOO_LARGE, "Tiles of a scan %d pixels wide would need too much memory.", info->width);
    for (int k = 0; k < b->levels; k++) {
        struct level *l = &b->level[k];
        preview_level_size(&pyramid, k, &l->width, &l->height);
        int rows = l->height < PREVIEW_TILE ? l->height : PREVIEW_TILE;
        if (!(l->rows = malloc((size_t)rows * (size_t)l->width)))
            return err_memory(e, "the preview");
        if (snprintf(path, sizeof path, "%s/%d", b->folder, k) >= (int)sizeof path)
            return err_set(e, ERR_STORE, "The preview's path is too long.");
        if (mkdir(path, 0777) != 0)
            return preview_disk_failure("the preview", e);
    }
    return ERR_OK;
}

static enum err_code write_index(const struct builder *b, struct err *e)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/pyramid.json", b->folder) >= (int)sizeof path)
        return err_set(e, ERR_STORE, "The preview's path is too long.");
    FILE *file = fopen(path, "w");
    if (!file)
        return preview_disk_failure("the preview", e);
    int n = fprintf(file, "{\"width\":%d,\"height\":%d,\"tile\":%d,\"levels\":%d}\n", b->level[0].width,
                    b->level[0].height, PREVIEW_TILE, b->levels);
    if (fclose(file) != 0 || n < 0)
        return preview_disk_failure("the preview", e);
    return ERR_OK;
}

static enum err_code build(struct builder *b, struct scan *scan, size_t max_bytes, const struct job *job, struct err *e)
{
    const struct scan_info *info = scan_info(scan);
    enum err_code rc = prepare(b, info, max_bytes, e);
    for (int y = 0; y < info->height && rc == ERR_OK; y++) {
        if (y % CHECK_ROWS == 0) {
            if ((rc = job_check(job, e)) != ERR_OK)
                break;
            job_progress(job, "tiles", (double)y / info->height);
        }
        uint8_t *row = b->level[0].rows + (size_t)(y % PREVIEW_TILE) * (size_t)info->width;
        if ((rc = scan_read(scan, y, 0, info->width, row, e)) == ERR_OK)
            rc = row_taken(b, 0, e);
    }
    if (rc == ERR_OK)
        rc = write_index(b, e);
    for (int k = 0; k < MAX_LEVELS; k++)
        free(b->level[k].rows);
    return rc;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

/* Gives the finished folder its name.  A folder that is there already is another call's, as good as this one. */
static enum err_code publish(const char *part, const char *folder, struct err *e)
{
    struct preview_pyramid other;
    struct err ignored = { 0 };
    if (rename(part, folder) == 0)
        return ERR_OK;
    int reason = errno;
    if ((reason == EEXIST || reason == ENOTEMPTY) && preview_pyramid_read(&other, folder, &ignored) == ERR_OK) {
        nftw(part, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
        return ERR_OK;
    }
    errno = reason;
    return preview_disk_failure("the preview", e);
}

enum err_code preview_pyramid_build(const char *scan_path, const struct scan_limits *limits, const char *folder,
                                    struct preview_pyramid *out, const struct job *job, struct err *e)
{
    char part[PATH_MAX];
    struct builder builder = { .folder = part };
    struct scan *scan = NULL;
    if (snprintf(part, sizeof part, "%s.XXXXXX", folder) >= (int)sizeof part)
        return err_set(e, ERR_STORE, "The preview's path is too long.");
    enum err_code rc = scan_open(&scan, scan_path, limits, e);
    if (rc != ERR_OK)
        return rc;
    if (!mkdtemp(part)) {
        rc = preview_disk_failure("the preview", e);
        goto out;
    }
    if ((rc = build(&builder, scan, limits->max_bytes, job, e)) == ERR_OK)
        rc = publish(part, folder, e);
    if (rc != ERR_OK)
        nftw(part, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    else
        *out = (struct preview_pyramid){ builder.level[0].width, builder.level[0].height, builder.levels };
out:
    scan_close(scan);
    return rc;
}

enum err_code preview_pyramid_read(struct preview_pyramid *out, const char *folder, struct err *e)
{
    char path[PATH_MAX];
    int tile = 0;
    struct preview_pyramid found = { 0 };
    if (snprintf(path, sizeof path, "%s/pyramid.json", folder) >= (int)sizeof path)
        return err_set(e, ERR_STORE, "The preview's path is too long.");
    FILE *file = fopen(path, "r");
    if (!file)
        return errno == ENOENT ? err_set(e, ERR_NOT_FOUND, "There is no preview of this scan.")
                               : err_set(e, ERR_STORE, "Cannot read the preview: %s.", strerror(errno));
    int n = fscanf(file, "{\"width\":%d,\"height\":%d,\"tile\":%d,\"levels\":%d}", &found.width, &found.height, &tile,
                   &found.levels);
    fclose(file);
    if (n != 4 || tile != PREVIEW_TILE || found.width < 1 || found.height < 1 ||
        found.levels != count_levels(found.width, found.height))
        return err_set(e, ERR_STORE, "The preview's index is damaged.");
    *out = found;
    return ERR_OK;
}

#include "server/normalise.h"

#include <math.h>
#include <stdlib.h>

#include "server/normalise_flatten.h"
#include "server/normalise_levels.h"
#include "server/normalise_resample.h"
#include "server/normalise_scale.h"

struct normalise {
    struct scan *scan;
    int x0, y0, x1, y1;
    struct levels levels;
    bool flattens;
    struct resample resample;
    struct flatten flatten;
    struct mask_geometry geometry;
    uint8_t *shade;          /* [x1 - x0], a row's shades or tints, made when one is first asked for */
    bool dpi_doubted;
};

static int scaled(int pixels, double scale)
{
    double n = round(pixels * scale);
    return n < 1 ? 1 : (int)n;
}

static enum err_code scan_row(void *ctx, int y, uint8_t *ink, struct err *e)
{
    struct normalise *normalise = ctx;
    enum err_code rc = scan_read(normalise->scan, normalise->y0 + y, normalise->x0, normalise->x1, ink, e);
    if (rc == ERR_OK && normalise->levels.negative)
        for (int x = 0; x < normalise->x1 - normalise->x0; x++)
            ink[x] = (uint8_t)(255 - ink[x]);
    return rc;
}

static enum err_code resampled_row(void *ctx, uint8_t *ink, struct err *e)
{
    return resample_next(&((struct normalise *)ctx)->resample, ink, e);
}

static enum err_code set_up(struct normalise *n, const struct normalise_tracks *tracks, int dpi, struct err *e)
{
    const struct scan_info *info = scan_info(n->scan);
    int width = n->x1 - n->x0, height = n->y1 - n->y0;
    enum err_code rc = levels_probe(&n->levels, n->scan, n->x0, n->y0, n->x1, n->y1, e);
    if (rc != ERR_OK)
        return rc;
    struct scale_hints hints = { .stroke = n->levels.stroke };
    if (tracks) {
        hints.narrow = tracks->narrow;
        hints.wide = tracks->wide;
    }
    struct scale scale = scale_choose(info, dpi, &hints);
    if (width * scale.x > INT32_MAX || height * scale.y > INT32_MAX)
        return err_set(e, ERR_TOO_LARGE, "A region of %d by %d pixels is too large.", width, height);
    int columns = scaled(width, scale.x), rows = scaled(height, scale.y);
    n->dpi_doubted = scale.doubted;
    n->geometry = (struct mask_geometry){ n->x0, n->y0, (double)columns / width, (double)rows / height };
    n->flattens = info->bits > 1 || info->samples > 1;
    rc = resample_init(&n->resample, width, height, columns, rows, scan_row, n, e);
    if (rc == ERR_OK && n->flattens)
        rc = flatten_init(&n->flatten, columns, rows, &n->levels, resampled_row, n, e);
    return rc;
}

enum err_code normalise_open(struct normalise **out, struct scan *scan, int x0, int y0, int x1, int y1,
                             const struct normalise_tracks *tracks, int dpi, struct err *e)
{
    const struct scan_info *info = scan_info(scan);
    if (x0 < 0 || y0 < 0 || x0 >= x1 || y0 >= y1 || x1 > info->width || y1 > info->height)
        return err_set(e, ERR_INVALID, "The region of columns %d to %d, rows %d to %d is not inside the scan of %d by %d.",
                       x0, x1 - 1, y0, y1 - 1, info->width, info->height);
    struct normalise *n = calloc(1, sizeof *n);
    if (!n)
        return err_memory(e, "normalising the scan");
    n->scan = scan;
    n->x0 = x0;
    n->y0 = y0;
    n->x1 = x1;
    n->y1 = y1;
    enum err_code rc = set_up(n, tracks, dpi, e);
    if (rc != ERR_OK) {
        normalise_free(n);
        return rc;
    }
    *out = n;
    return ERR_OK;
}

void normalise_free(struct normalise *normalise)
{
    if (!normalise)
        return;
    flatten_clear(&normalise->flatten);
    resample_clear(&normalise->resample);
    free(normalise->shade);
    free(normalise);
}

int normalise_columns(const struct normalise *normalise)
{
    return normalise->resample.columns;
}

int normalise_rows(const struct normalise *normalise)
{
    return normalise->resample.rows;
}

const struct mask_geometry *normalise_geometry(const struct normalise *normalise)
{
    return &normalise->geometry;
}

bool normalise_doubts_dpi(const struct normalise *normalise)
{
    return normalise->dpi_doubted;
}

enum err_code normalise_next(struct normalise *normalise, uint8_t *ink, struct err *e)
{
    if (normalise->flattens)
        return flatten_next(&normalise->flatten, ink, e);
    return resample_next(&normalise->resample, ink, e);
}

/* Columns c0..c0+n-1 of row y of the result, the nearest of the scan's pixels as `read` gives them. */
static enum err_code nearest(struct normalise *normalise, int y, int c0, int n,
                             enum err_code (*read)(void *ctx, int y, uint8_t *pixels, struct err *e), uint8_t *out,
                             struct err *e)
{
    const struct mask_geometry *g = &normalise->geometry;
    int width = normalise->x1 - normalise->x0, height = normalise->y1 - normalise->y0, row = (int)((y + 0.5) / g->y_scale);
    if (!normalise->shade && !(normalise->shade = malloc((size_t)width)))
        return err_memory(e, "a row of the scan");
    enum err_code rc = read(normalise, row < height ? row : height - 1, normalise->shade, e);
    for (int x = 0; rc == ERR_OK && x < n; x++) {
        int at = (int)((c0 + x + 0.5) / g->x_scale);
        out[x] = normalise->shade[at < width ? at : width - 1];
    }
    return rc;
}

enum err_code normalise_shade(struct normalise *normalise, int y, int c0, int n, uint8_t *ink, struct err *e)
{
    return nearest(normalise, y, c0, n, scan_row, ink, e);
}

bool normalise_has_tint(const struct normalise *normalise)
{
    return scan_has_tint(normalise->scan);
}

static enum err_code tint_row(void *ctx, int y, uint8_t *tint, struct err *e)
{
    struct normalise *normalise = ctx;
    return scan_read_tint(normalise->scan, normalise->y0 + y, normalise->x0, normalise->x1, tint, e);
}

enum err_code normalise_tint(struct normalise *normalise, int y, int c0, int n, uint8_t *tint, struct err *e)
{
    return nearest(normalise, y, c0, n, tint_row, tint, e);
}

enum err_code normalise_rewind(struct normalise *normalise, struct err *e)
{
    (void)e;
    resample_rewind(&normalise->resample);
    flatten_rewind(&normalise->flatten);
    return ERR_OK;
}

#include "server/normalise_flatten.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"

enum { BLOCK = 64 };   /* pixels of the result: 0.32 inch at 200 dpi, several squares of a log's grid */

/* A block darker than this share of the way from paper to ink shows no paper: it is a fill, not shade. */
static const double DARKEST_PAPER = 0.4;

/* Leaves room to divide by what lies between paper and black. */
enum { DARKEST_LEVEL = 250 };

/* Lines this near black are left as they are; fainter ones are stretched, at most four times. */
static const double FULL_REACH = 0.85, LEAST_REACH = 0.25;

static int blocks_of(int pixels)
{
    int n = (pixels + BLOCK / 2) / BLOCK;
    return n < 1 ? 1 : n;
}

static int block_start(int pixels, int blocks, int k)
{
    return (int)((int64_t)k * pixels / blocks);
}

enum err_code flatten_init(struct flatten *flatten, int columns, int rows, const struct levels *levels,
                           flatten_source source, void *ctx, struct err *e)
{
    *flatten = (struct flatten){ .columns = columns, .rows = rows, .across = blocks_of(columns), .down = blocks_of(rows),
                                 .source = source, .ctx = ctx, .levels = *levels };
    /* A row of the lower half of one block needs the whole next one. */
    flatten->ring_rows = 2 * (rows / flatten->down + 2);
    size_t across = (size_t)flatten->across;
    flatten->ring = calloc((size_t)flatten->ring_rows, (size_t)columns);
    flatten->paper[0] = calloc(across, sizeof(float));
    flatten->paper[1] = calloc(across, sizeof(float));
    flatten->between = calloc(across, sizeof(float));
    flatten->histograms = calloc(across, 256 * sizeof(unsigned));
    if (!flatten->ring || !flatten->paper[0] || !flatten->paper[1] || !flatten->between || !flatten->histograms) {
        flatten_clear(flatten);
        return err_memory(e, "evening out the scan");
    }
    return ERR_OK;
}

void flatten_clear(struct flatten *flatten)
{
    free(flatten->ring);
    free(flatten->paper[0]);
    free(flatten->paper[1]);
    free(flatten->between);
    free(flatten->histograms);
    *flatten = (struct flatten){ 0 };
}

void flatten_rewind(struct flatten *flatten)
{
    flatten->next = flatten->fetched = flatten->measured = 0;
}

static uint8_t *ring_row(const struct flatten *f, int y)
{
    return f->ring + (size_t)(y % f->ring_rows) * (size_t)f->columns;
}

/* Takes the rows of the next row of blocks and measures each one's paper.  A block without any takes the
 * level of the one above it. */
static enum err_code measure_blocks(struct flatten *f, struct err *e)
{
    int k = f->measured, top = block_start(f->rows, f->down, k), end = block_start(f->rows, f->down, k + 1);
    for (; f->fetched < end; f->fetched++) {
        enum err_code rc = f->source(f->ctx, ring_row(f, f->fetched), e);
        if (rc != ERR_OK)
            return rc;
    }
    memset(f->histograms, 0, (size_t)f->across * 256 * sizeof *f->histograms);
    for (int y = top; y < end; y++) {
        const uint8_t *row = ring_row(f, y);
        for (int b = 0; b < f->across; b++) {
            unsigned *histogram = f->histograms + (size_t)b * 256;
            for (int x = block_start(f->columns, f->across, b); x < block_start(f->columns, f->across, b + 1); x++)
                histogram[row[x]]++;
        }
    }
    double limit = f->levels.paper + DARKEST_PAPER * f->levels.reach * (255 - f->levels.paper);
    float *paper = f->paper[k % 2];
    const float *above = f->paper[(k + 1) % 2];
    for (int b = 0; b < f->across; b++) {
        int width = block_start(f->columns, f->across, b + 1) - block_start(f->columns, f->across, b);
        int level = levels_paper(f->histograms + (size_t)b * 256, (unsigned)(width * (end - top)));
        if (level > limit)
            level = k ? (int)above[b] : f->levels.paper;
        paper[b] = (float)(level < DARKEST_LEVEL ? level : DARKEST_LEVEL);
    }
    f->measured++;
    return ERR_OK;
}

/* The paper's level at the centres of the blocks, for row y.  Measures what it needs. */
static enum err_code interpolate_down(struct flatten *f, int y, struct err *e)
{
    double at = (y + 0.5) * f->down / f->rows - 0.5;
    int upper = (int)floor(at), lower;
    float share = (float)(at - upper);
    lower = upper + 1 < f->down ? upper + 1 : f->down - 1;
    upper = upper < 0 ? 0 : upper;
    while (f->measured <= lower) {
        enum err_code rc = measure_blocks(f, e);
        if (rc != ERR_OK)
            return rc;
    }
    for (int b = 0; b < f->across; b++)
        f->between[b] = f->paper[upper % 2][b] + share * (f->paper[lower % 2][b] - f->paper[upper % 2][b]);
    return ERR_OK;
}

static uint8_t lift(uint8_t ink, float paper, float stretch)
{
    float v = ((float)ink - paper) * stretch * 255.0f / (255.0f - paper) + 0.5f;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* Columns from..to-1 lie between the centres of blocks b and c (the same one outside the outermost centres). */
static void lift_span(const struct flatten *f, int b, int c, int from, int to, float stretch, uint8_t *ink)
{
    float width = (float)f->columns / (float)f->across, centre = ((float)b + 0.5f) * width - 0.5f;
    float slope = (f->between[c] - f->between[b]) / width, start = f->between[b] - centre * slope;
    if (start == 0 && slope == 0 && stretch == 1)
        return;
    for (int x = from; x < to; x++)
        ink[x] = lift(ink[x], start + slope * (float)x, stretch);
}

enum err_code flatten_next(struct flatten *flatten, uint8_t *ink, struct err *e)
{
    struct flatten *f = flatten;
    enum err_code rc = interpolate_down(f, f->next, e);
    if (rc != ERR_OK)
        return rc;
    double reach = f->levels.reach >= FULL_REACH ? 1 : f->levels.reach < LEAST_REACH ? LEAST_REACH : f->levels.reach;
    float stretch = (float)(1 / reach);
    memcpy(ink, ring_row(f, f->next++), (size_t)f->columns);
    int from = 0;
    for (int b = 0; b <= f->across; b++) {
        int left = b ? b - 1 : 0, right = b < f->across ? b : f->across - 1;
        int to = b < f->across ? (int)(((int64_t)2 * b + 1) * f->columns / (2 * f->across)) : f->columns;
        lift_span(f, left, right, from, to, stretch, ink);
        from = to;
    }
    return ERR_OK;
}

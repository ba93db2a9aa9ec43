#include "postproc/trace_correct.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "postproc/trace_line.h"

enum {
    ABOVE = CORRECT_ROWS / 2,         /* rows seen above, and below */
    PAD = CORRECT_BINS + 1,           /* columns of paper on both sides of every row */
    PART = 64,                        /* rows of one task */
    BLOCK = 8 * PART,                 /* rows whose shades are held at a time */
    HELD = BLOCK + 2 * ABOVE,
    AROUND = 15,                      /* rows above and below over which a curve's restlessness is read */
    MOST = 20                         /* columns that a position is moved by */
};

static const float restless_slope = 0.7f;   /* columns a row, in the mean */

/* What one task needs for itself. */
struct desk {
    uint8_t *planes;                  /* [2, PART + 2 * ABOVE, stride]: the curve's class, the others */
    uint8_t *row;                     /* [stride]: one class of those */
    float *inputs;                    /* [PART, CORRECT_INPUTS] */
    float off[PART];
    int at[PART];                     /* the rows */
};

struct correction {
    const struct mask *mask;
    const struct trace_track *track;
    struct trace *out;
    int rows, columns;
    size_t stride;                    /* bytes of a padded row */
    float *x;                         /* [n, rows]: as traced, straight on through holes */
    uint8_t *restless;                /* [n, rows] */
    uint8_t *shade;                   /* [HELD, stride]: rows first - ABOVE to first + BLOCK + ABOVE - 1 */
    int first;                        /* row of the block at work */
    int read;                         /* rows whose shades have been asked for, or passed over */
    int workers;
    struct desk *desks;               /* [workers] */
};

/* Marks the rows around which x: [rows] is not about straight. */
static void find_restless(const float *x, int rows, uint8_t *restless)
{
    float sum = 0;

    for (int y = 1 - AROUND; y < rows; y++) {   /* sum is of the steps into rows y - AROUND + 1 .. y + AROUND */
        int in = y + AROUND, out = y - AROUND;

        if (in >= 1 && in < rows)
            sum += fabsf(x[in] - x[in - 1]);
        if (out >= 1)
            sum -= fabsf(x[out] - x[out - 1]);
        if (y >= 0)
            restless[y] = sum > restless_slope * 2 * AROUND;
    }
}

static enum err_code open_desk(struct desk *desk, size_t stride, struct err *e)
{
    size_t bytes;

    if (size_mul(2 * (PART + 2 * ABOVE), stride, &bytes))
        desk->planes = calloc(bytes, 1);
    desk->row = malloc(stride);
    desk->inputs = malloc(sizeof *desk->inputs * PART * CORRECT_INPUTS);
    return desk->planes && desk->row && desk->inputs ? ERR_OK : err_memory(e, "correcting a curve");
}

static enum err_code open_correction(struct correction *c, struct err *e)
{
    size_t n = c->track->n, rows = (size_t)c->rows, cells, bytes;
    enum err_code rc = ERR_OK;

    c->stride = (size_t)c->columns + 2 * PAD;
    c->workers = c->track->pool ? pool_threads(c->track->pool) : 1;
    c->desks = calloc((size_t)c->workers, sizeof *c->desks);
    c->shade = calloc(HELD, c->stride);
    if (size_mul(n, rows, &cells) && size_mul(cells, sizeof *c->x, &bytes)) {
        c->x = malloc(bytes);
        c->restless = malloc(cells);
    }
    if (!c->desks || !c->shade || !c->x || !c->restless)
        return err_memory(e, "correcting a curve");
    for (int i = 0; i < c->workers && rc == ERR_OK; i++)
        rc = open_desk(&c->desks[i], c->stride, e);
    for (size_t i = 0; i < n; i++) {
        line_fill(c->out[i].x, c->rows, c->x + i * rows);
        find_restless(c->x + i * rows, c->rows, c->restless + i * rows);
    }
    return rc;
}

static void close_correction(struct correction *c)
{
    for (int i = 0; c->desks && i < c->workers; i++) {
        free(c->desks[i].inputs);
        free(c->desks[i].row);
        free(c->desks[i].planes);
    }
    free(c->desks);
    free(c->restless);
    free(c->x);
    free(c->shade);
}

static int class_of(const struct correction *c, size_t i)
{
    return trace_class(c->out[i].drawn, mask_classes(c->mask));
}

/* Whether curve i is to be corrected in row y. */
static bool is_due(const struct correction *c, size_t i, int y)
{
    return y < c->rows && c->restless[i * (size_t)c->rows + (size_t)y] && !isnan(c->out[i].x[y]);
}

/* The masks in row y of curve i's class and of the others, to padded rows. */
static void read_mask(const struct correction *c, size_t i, int y, uint8_t *own, uint8_t *others, uint8_t *scratch)
{
    int class = class_of(c, i);

    memset(own, 0, c->stride);
    memset(others, 0, c->stride);
    if (y < 0 || y >= c->rows)
        return;
    mask_get(c->mask, class, y, own + PAD);
    for (int k = 0; k < mask_classes(c->mask); k++) {
        if (k == class)
            continue;
        mask_get(c->mask, k, y, scratch);
        for (int x = 0; x < c->columns; x++)
            others[PAD + x] = scratch[x] > others[PAD + x] ? scratch[x] : others[PAD + x];
    }
}

/* A plane's bins around column x, from its padded row `ABOVE` rows above on; the next bins' place. */
static float *put_bins(const uint8_t *row, size_t stride, int x, float *to)
{
    for (int k = 0; k < CORRECT_ROWS; k++, row += stride) {
        const uint8_t *from = row + PAD + x - CORRECT_BINS;

        for (int j = 0; j < CORRECT_BINS; j++)
            *to++ = (float)(from[2 * j] + from[2 * j + 1] + from[2 * j + 2]) * (1 / (3 * 255.0f));
    }
    return to;
}

/* What the corrector is given of curve i in row y.  own, others, shade: the rows ABOVE it, padded. */
static void put_inputs(const struct correction *c, size_t i, int y, const uint8_t *own, const uint8_t *others,
                       const uint8_t *shade, float *to)
{
    const float *x = c->x + i * (size_t)c->rows;
    int at = (int)lrintf(fmaxf(0, fminf((float)c->columns - 1, x[y])));

    to = put_bins(own, c->stride, at, to);
    to = put_bins(others, c->stride, at, to);
    to = put_bins(shade, c->stride, at, to);
    for (int k = -(CORRECT_PATH / 2); k <= CORRECT_PATH / 2; k++) {
        int row = y + k < 0 ? 0 : y + k >= c->rows ? c->rows - 1 : y + k;

        *to++ = fmaxf(-CORRECT_FAR, fminf(CORRECT_FAR, (x[row] - (float)at) / 10));
    }
    for (int k = 0; k < CORRECT_CLASSES; k++)
        *to++ = k == class_of(c, i);
}

/* Corrects curve `task % n` in the block's part `task / n`. */
static enum err_code correct_part(void *ctx, size_t task, int worker, struct err *e)
{
    const struct correction *c = ctx;
    struct desk *desk = &c->desks[worker];
    size_t i = task % c->track->n, n = 0, plane = (PART + 2 * ABOVE) * c->stride;
    int first = (int)(task / c->track->n) * PART;   /* in the block */
    enum err_code rc;

    for (int y = 0; y < PART; y++)
        if (is_due(c, i, c->first + first + y))
            desk->at[n++] = y;
    if (n == 0)
        return ERR_OK;
    for (int y = 0; y < PART + 2 * ABOVE; y++)
        read_mask(c, i, c->first + first + y - ABOVE, desk->planes + (size_t)y * c->stride,
                  desk->planes + plane + (size_t)y * c->stride, desk->row);
    for (size_t k = 0; k < n; k++) {
        const uint8_t *own = desk->planes + (size_t)desk->at[k] * c->stride;

        put_inputs(c, i, c->first + first + desk->at[k], own, own + plane,
                   c->shade + (size_t)(first + desk->at[k]) * c->stride, desk->inputs + k * CORRECT_INPUTS);
    }
    rc = c->track->corrector(c->track->corrector_ctx, desk->inputs, n, desk->off, e);
    for (size_t k = 0; k < n && rc == ERR_OK; k++)
        c->out[i].x[c->first + first + desk->at[k]] += fmaxf(-MOST, fminf(MOST, desk->off[k]));
    return rc;
}

/* Whether a curve is to be corrected in a row of the block. */
static bool block_is_due(const struct correction *c)
{
    for (size_t i = 0; i < c->track->n; i++)
        for (int y = c->first; y < c->first + BLOCK; y++)
            if (is_due(c, i, y))
                return true;
    return false;
}

/* Reads the shades of the block's rows and of those around; the ones that the block before has read are moved up. */
static enum err_code read_shades(struct correction *c, struct err *e)
{
    int from = c->first - ABOVE, end = c->first + BLOCK + ABOVE;
    enum err_code rc = ERR_OK;

    if (c->read > from)
        memmove(c->shade, c->shade + BLOCK * c->stride, 2 * ABOVE * c->stride);
    for (int y = c->read > from ? c->read : from; y < end && rc == ERR_OK; y++) {
        uint8_t *row = c->shade + (size_t)(y - from) * c->stride;

        memset(row, 0, c->stride);
        if (y >= 0 && y < c->rows)
            rc = c->track->shade(c->track->shade_ctx, y, row + PAD, e);
    }
    c->read = end;
    return rc;
}

enum err_code trace_correct(const struct mask *mask, const struct trace_track *track, struct trace *out,
                            const struct job *job, struct err *e)
{
    struct correction c = {.mask = mask, .track = track, .out = out, .rows = mask_rows(mask),
                           .columns = mask_columns(mask), .read = -ABOVE};
    enum err_code rc;

    if (!track->corrector || !track->shade)
        return ERR_OK;
    rc = open_correction(&c, e);
    for (; c.first < c.rows && rc == ERR_OK; c.first += BLOCK) {
        if ((rc = job_check(job, e)) != ERR_OK || !block_is_due(&c))
            continue;
        rc = read_shades(&c, e);
        if (rc == ERR_OK)
            rc = pool_run(track->pool, track->n * (BLOCK / PART), correct_part, &c, e);
    }
    close_correction(&c);
    return rc;
}

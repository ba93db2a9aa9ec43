#include "server/track_run.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/corrector.h"
#include "postproc/trace_correct.h"
#include "server/straighten.h"

static double to_column(const struct mask_geometry *g, double x)
{
    return (x + 0.5 - g->x_origin) * g->x_scale - 0.5;
}

static enum err_code put_mask(void *ctx, int y, int rows, const float *logits, size_t class_stride, size_t row_stride,
                              struct err *e)
{
    const struct track_run *run = ctx;
    struct mask_logits put = {logits, class_stride, row_stride, run->seen_columns, run->seen_x0, run->shift + y};
    return mask_put(run->mask, y, rows, &put, e);
}

/* The outermost positions that the track's edges take. */
static void track_extent(const struct layout_track *track, double *x0, double *x1)
{
    *x0 = track->x0;
    *x1 = track->x1;
    for (size_t i = 0; i < track->n_edges; i++) {
        *x0 = fmin(*x0, track->edges[i].x0);
        *x1 = fmax(*x1, track->edges[i].x1);
    }
}

static int clamp_int(double v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : (int)v;
}

int track_wander(double rows)
{
    enum { MOST = 320, ROWS_A_COLUMN = 48 };
    return clamp_int(rows / ROWS_A_COLUMN, 0, MOST);
}

/* The input's columns from `wander` and TRACK_MARGIN before the track to as many behind it: from *c0, as many as are
 * returned. */
static int columns_around(const struct track_run *run, const struct mask_geometry *shared, int columns, int wander,
                          int *c0)
{
    double x0, x1;
    track_extent(run->track, &x0, &x1);
    *c0 = clamp_int(floor(to_column(shared, x0)) - TRACK_MARGIN - wander, 0, columns - 1);
    return clamp_int(ceil(to_column(shared, x1)) + TRACK_MARGIN + wander + 1, *c0 + 1, columns) - *c0;
}

static void place(struct track_run *run, const struct mask_geometry *shared, int columns, int wander)
{
    int seen;
    run->columns = columns_around(run, shared, columns, wander, &run->c0);
    run->seen_columns = columns_around(run, shared, columns, 0, &seen);
    run->seen_x0 = seen - run->c0;
    run->geometry = *shared;
    run->geometry.x_origin += run->c0 / shared->x_scale;
}

enum err_code track_run_open(struct track_run *run, const struct layout_track *track, const struct mask_geometry *shared,
                             int columns, const struct windows *windows, const int *shift, int classes, bool follow,
                             struct err *e)
{
    memset(run, 0, sizeof *run);
    run->track = track;
    run->shift = shift;
    run->rows = windows->rows;
    follow = follow && track->n_edges == 0;
    place(run, shared, columns, follow ? track_wander(run->rows) : 0);

    run->left = calloc((size_t)run->rows, sizeof *run->left);
    run->right = calloc((size_t)run->rows, sizeof *run->right);
    run->traces = calloc(track->n_curves ? track->n_curves : 1, sizeof *run->traces);
    if (!run->left || !run->right || !run->traces)
        return err_memory(e, "a track's curves");

    enum err_code rc = mask_create(&run->mask, classes, run->rows, run->columns, e);
    if (rc == ERR_OK)
        rc = window_blend_create(&run->blend, windows, classes, run->seen_columns, put_mask, run, e);
    if (rc == ERR_OK && follow)
        rc = edges_create(&run->edges, run->rows, run->columns, to_column(&run->geometry, track->x0),
                          to_column(&run->geometry, track->x1), e);
    return rc;
}

void track_run_clear(struct track_run *run)
{
    if (run->traces)
        for (size_t i = 0; i < run->track->n_curves; i++)
            trace_clear(&run->traces[i]);
    free(run->traces);
    free(run->left);
    free(run->right);
    window_blend_free(run->blend);
    edges_free(run->edges);
    mask_free(run->mask);
    memset(run, 0, sizeof *run);
}

void track_run_row(struct track_run *run, const uint8_t *ink)
{
    if (run->edges)
        edges_push(run->edges, ink + run->c0);
}

enum err_code track_run_drift(struct track_run *run, const struct track_rows *rows, double *drift, bool *found,
                              struct err *e)
{
    double left = to_column(&run->geometry, run->track->x0), right = to_column(&run->geometry, run->track->x1);
    double most, seen = 0;
    struct edges *edges = NULL;
    *found = false;
    if (!run->edges)
        return ERR_OK;
    uint8_t *row = malloc(rows->stride);
    enum err_code rc = row ? ERR_OK : err_memory(e, "a row of the scan");
    if (rc == ERR_OK)
        rc = edges_create(&edges, rows->rows, run->columns, left + rows->place, right + rows->place, e);
    for (int y = 0; rc == ERR_OK && y < rows->rows; y++) {
        memcpy(row, rows->ink + (size_t)y * rows->stride, rows->stride);
        straighten_row(row, (int)rows->stride, y < rows->settled ? 0 : rows->hold);
        edges_push(edges, row + run->c0);
    }
    if (rc == ERR_OK)
        rc = edges_solve(edges, run->left, run->right, &most, &seen, e);
    *found = rc == ERR_OK && seen > 0;
    for (int y = 0; *found && y < rows->rows; y++)
        drift[y] += (run->left[y] - left + run->right[y] - right) / 2;
    edges_free(edges);
    free(row);
    return rc;
}

static void given_edges(const struct track_run *run, int y, double *left, double *right)
{
    const struct mask_geometry *g = &run->geometry;
    struct layout_edge edge = layout_edges_at(run->track, g->y_origin + (y + 0.5) / g->y_scale);
    *left = to_column(g, edge.x0);
    *right = to_column(g, edge.x1);
}

void track_run_edges(const struct track_run *run, int y, double *left, double *right)
{
    int shift = run->edges ? 0 : run->shift[y];
    given_edges(run, y, left, right);
    *left -= shift;
    *right -= shift;
}

enum curve_style track_run_style(const struct track_run *run, size_t i, int classes)
{
    return (enum curve_style)trace_class(run->track->curves[i].style, classes);
}

/* Where a track's shades, tints and corrections come from. */
struct source {
    const struct curvenet *net;
    struct normalise *input;
    int c0, columns;
};

static enum err_code give_shade(void *ctx, int y, uint8_t *ink, struct err *e)
{
    const struct source *source = ctx;
    return normalise_shade(source->input, y, source->c0, source->columns, ink, e);
}

static enum err_code give_tint(void *ctx, int y, uint8_t *tint, struct err *e)
{
    const struct source *source = ctx;
    return normalise_tint(source->input, y, source->c0, source->columns, tint, e);
}

static_assert((int)CORRECT_INPUTS == (int)CORRECTOR_INPUTS, "the tracing gives what the corrector takes");

static enum err_code give_correction(void *ctx, const float *inputs, size_t n, float *off, struct err *e)
{
    const struct source *source = ctx;
    return curvenet_correct(source->net, inputs, n, off, e);
}

enum err_code track_run_trace(struct track_run *run, const struct curvenet *net, struct normalise *input,
                              struct pool *pool, const struct job *job, struct err *e)
{
    struct source source = {net, input, run->c0, run->columns};
    int classes = curvenet_info(net)->classes;
    enum curve_style *style = NULL;
    bool *guessed = NULL;
    enum err_code rc = ERR_OK;
    if (run->edges)
        rc = edges_solve(run->edges, run->left, run->right, &run->drift, &run->edges_found, e);
    for (int y = 0; !run->edges && y < run->rows; y++)
        given_edges(run, y, &run->left[y], &run->right[y]);
    if (rc != ERR_OK || run->track->n_curves == 0)
        return rc;

    style = calloc(run->track->n_curves, sizeof *style);
    guessed = calloc(run->track->n_curves, sizeof *guessed);
    if (!style || !guessed)
        rc = err_memory(e, "a track's styles");
    for (size_t i = 0; rc == ERR_OK && i < run->track->n_curves; i++) {
        style[i] = track_run_style(run, i, classes);
        guessed[i] = run->track->curves[i].style_guessed;
    }
    struct trace_track track = {.left = run->left, .right = run->right, .style = style, .guessed = guessed,
                                .n = run->track->n_curves,
                                .shade = give_shade, .tint = normalise_has_tint(input) ? give_tint : NULL,
                                .shade_ctx = &source,
                                .corrector = curvenet_corrects(net) ? give_correction : NULL, .corrector_ctx = &source,
                                .pool = pool};
    if (rc == ERR_OK)
        rc = trace_track(run->mask, &track, run->traces, job, e);
    for (size_t i = 0; rc == ERR_OK && i < run->track->n_curves; i++)
        if (run->traces[i].drawn == style[i])   /* which may be another that the network takes it for */
            run->traces[i].drawn = run->track->curves[i].style;
    free(guessed);
    free(style);
    return rc;
}

#include "server/pipeline.h"

#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/windows.h"
#include "postproc/table.h"
#include "server/normalise.h"
#include "server/request_defaults.h"
#include "server/result_files.h"
#include "server/straighten.h"
#include "server/track_look.h"
#include "server/track_run.h"

struct pipeline {
    const struct pipeline_env *env;
    struct pipeline_request *request;
    struct pipeline_result *result;
    const struct job *job;
    struct scan *scan;
    struct normalise *input;
    struct windows windows;
    struct track_run *runs;   /* [layout.n_tracks] */
    struct straighten straighten;
    uint8_t *ink;             /* [window rows, input columns], straightened */
    struct table table;
};

const char *pipeline_stage_name(enum pipeline_stage stage)
{
    static const char *const names[] = {"decode", "forward", "trace", "calibrate", "write", "total"};
    return names[stage];
}

static void __attribute__((format(printf, 2, 3))) warn(struct pipeline_result *result, const char *format, ...)
{
    if (result->n_warnings == PIPELINE_MAX_WARNINGS)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(result->warnings[result->n_warnings++], sizeof result->warnings[0], format, args);
    va_end(args);
}

static void clock_stage(struct pipeline *p, enum pipeline_stage stage, int64_t *since)
{
    int64_t now = job_now_ns();
    p->result->seconds[stage] += (double)(now - *since) * 1e-9;
    *since = now;
}

/* The classes of a checkpoint stand in the order of the styles: anything else is another network. */
static enum err_code check_classes(const struct curvenet_info *net, struct err *e)
{
    for (int k = 0; k < net->classes; k++)
        if (k >= STYLE_COUNT || strcmp(net->class_name[k], layout_style_name((enum curve_style)k)) != 0)
            return err_set(e, ERR_UNAVAILABLE, "Checkpoint %s has a class \"%s\" that the tracer does not know.", net->name,
                           net->class_name[k]);
    return ERR_OK;
}

/* The columns of the scan that the network has to see for all tracks together. */
static void input_columns(const struct layout *layout, const struct scan_info *scan, int dpi, int *x0, int *x1)
{
    double scale = fmax(1, scan->dpi_x / dpi), lo = scan->width, hi = 0;
    int wander = track_wander((layout->y1 - layout->y0) / scale);
    double margin = (TRACK_MARGIN + 2) * scale;
    for (size_t i = 0; i < layout->n_tracks; i++) {
        const struct layout_track *t = &layout->tracks[i];
        double reach = t->n_edges ? 0 : wander * scale;
        lo = fmin(lo, t->x0 - reach);
        hi = fmax(hi, t->x1 + reach);
        for (size_t k = 0; k < t->n_edges; k++) {
            lo = fmin(lo, t->edges[k].x0);
            hi = fmax(hi, t->edges[k].x1);
        }
    }
    *x0 = (int)fmax(0, floor(lo - margin));
    *x1 = (int)fmin(scan->width, ceil(hi + margin) + 1);
}

static double track_width(const struct layout_track *track)
{
    double sum = 0;
    for (size_t k = 0; k < track->n_edges; k++)
        sum += track->edges[k].x1 - track->edges[k].x0;
    return track->n_edges ? sum / (double)track->n_edges : track->x1 - track->x0;
}

static struct normalise_tracks track_widths(const struct layout *layout)
{
    struct normalise_tracks widths = {.narrow = track_width(&layout->tracks[0])};
    for (size_t i = 0; i < layout->n_tracks; i++) {
        widths.narrow = fmin(widths.narrow, track_width(&layout->tracks[i]));
        widths.wide = fmax(widths.wide, track_width(&layout->tracks[i]));
    }
    return widths;
}

static enum err_code open_input(struct pipeline *p, struct err *e)
{
    const struct curvenet_info *net = curvenet_info(p->env->net);
    enum err_code rc = scan_open(&p->scan, p->request->scan_path, &p->env->limits, e);
    if (rc != ERR_OK)
        return rc;
    const struct scan_info *scan = scan_info(p->scan);
    p->result->image = *scan;
    /* A track that takes the scan's whole width has no borders of its own to follow. */
    const struct layout *asked = &p->request->layout;
    bool whole = asked->n_tracks == 0 || (asked->tracks[0].x0 == 0 && asked->tracks[0].x1 == 0);
    rc = request_complete(p->request, scan, e);
    if (rc != ERR_OK)
        return rc;
    if (scan->dpi_x == 0)
        warn(p->result, "The scan does not say its resolution.");

    const struct layout *layout = &p->request->layout;
    int x0, x1;
    input_columns(layout, scan, net->dpi, &x0, &x1);
    struct normalise_tracks widths = track_widths(layout);
    rc = normalise_open(&p->input, p->scan, x0, layout->y0, x1, layout->y1, whole ? NULL : &widths, net->dpi, e);
    if (rc != ERR_OK)
        return rc;
    if (normalise_doubts_dpi(p->input))
        warn(p->result, "The scan says that it has %g dpi, which does not fit what is on it: it was read as one of %.0f dpi.",
             scan->dpi_x, net->dpi / normalise_geometry(p->input)->x_scale);
    int columns = normalise_columns(p->input), rows = normalise_rows(p->input);
    p->windows = windows_plan(rows, windows_rows(net->max_rows, columns), WINDOWS_OVERLAP);
    p->result->windows = p->windows.count;
    p->result->pixels = (uint64_t)columns * (uint64_t)rows;

    p->runs = calloc(layout->n_tracks, sizeof *p->runs);
    p->straighten.shift = calloc((size_t)rows, sizeof *p->straighten.shift);
    if (!p->runs || !p->straighten.shift)
        return err_memory(e, "the tracks");
    straighten_plan(&p->straighten, rows, layout, normalise_geometry(p->input));
    for (size_t i = 0; rc == ERR_OK && i < layout->n_tracks; i++)
        rc = track_run_open(&p->runs[i], &layout->tracks[i], normalise_geometry(p->input), columns, &p->windows,
                            p->straighten.shift, net->classes, !whole, e);
    return rc;
}

/* Finds out how far the paper has moved in the rows y0..y1-1 of the window, of which those from `first` on are new. */
static enum err_code follow_window(struct pipeline *p, int y0, int first, int y1, struct err *e)
{
    struct straighten *s = &p->straighten;
    struct track_rows window = {.ink = p->ink, .stride = (size_t)normalise_columns(p->input), .rows = y1 - y0,
                                .settled = first - y0, .hold = straighten_hold(s, first), .place = s->place};
    int n_found = 0;
    double *drift = calloc((size_t)window.rows, sizeof *drift);
    enum err_code rc = drift ? ERR_OK : err_memory(e, "following the paper");
    for (size_t i = 0; rc == ERR_OK && i < p->request->layout.n_tracks; i++) {
        bool found;
        rc = track_run_drift(&p->runs[i], &window, drift, &found, e);
        n_found += found;
    }
    for (int j = 0; rc == ERR_OK && j < window.rows; j++)
        drift[j] = n_found ? drift[j] / n_found : s->place;
    if (rc == ERR_OK)
        straighten_follow(s, drift, y0, first, y1);
    free(drift);
    return rc;
}

/* Fills the window's ink: what it shares with the window before is moved up, the rest is decoded. */
static enum err_code read_window(struct pipeline *p, int y0, int y1, int *have, struct err *e)
{
    size_t columns = (size_t)normalise_columns(p->input);
    int keep = *have - y0, first = *have;
    if (keep > 0)
        memmove(p->ink, p->ink + (size_t)(p->windows.max_rows - keep) * columns, (size_t)keep * columns);
    for (; *have < y1; ++*have) {
        uint8_t *row = p->ink + (size_t)(*have - y0) * columns;
        enum err_code rc = normalise_next(p->input, row, e);
        if (rc == ERR_OK && *have % 512 == 0)
            rc = job_check(p->job, e);
        if (rc != ERR_OK)
            return rc;
        for (size_t i = 0; i < p->request->layout.n_tracks; i++)
            track_run_row(&p->runs[i], row);
    }
    enum err_code rc = p->straighten.planned ? ERR_OK : follow_window(p, y0, first, y1, e);
    for (int y = first; rc == ERR_OK && y < y1; y++)
        straighten_row(p->ink + (size_t)(y - y0) * columns, (int)columns, p->straighten.shift[y]);
    return rc;
}

static enum err_code forward_tracks(struct pipeline *p, int k, int y0, int rows, struct err *e)
{
    size_t stride = (size_t)normalise_columns(p->input);
    size_t n = p->request->layout.n_tracks;
    double share = 1.0 / (p->windows.count * (double)n);
    enum err_code rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        struct track_run *run = &p->runs[i];
        double begin = ((double)k * (double)n + (double)i) * share;
        struct job part = {.whole = p->job, .begin = begin, .end = begin + share};
        window_blend_begin(run->blend, k);
        struct track_window window = {p->ink + run->c0 + run->seen_x0, stride, y0, rows};
        rc = track_look(run, &window, p->env->net, p->env->pool, p->request->one_look, &part, e);
    }
    return rc;
}

static enum err_code run_windows(struct pipeline *p, struct err *e)
{
    int columns = normalise_columns(p->input), rows = p->windows.max_rows < p->windows.rows ? p->windows.max_rows : p->windows.rows;
    p->ink = malloc((size_t)columns * (size_t)rows);
    if (!p->ink)
        return err_memory(e, "a window of the scan");
    int have = 0;
    int64_t since = job_now_ns();
    for (int k = 0; k < p->windows.count; k++) {
        int y0, y1;
        windows_span(&p->windows, k, &y0, &y1);
        enum err_code rc = read_window(p, y0, y1, &have, e);
        clock_stage(p, STAGE_DECODE, &since);
        if (rc == ERR_OK)
            rc = forward_tracks(p, k, y0, y1 - y0, e);
        clock_stage(p, STAGE_FORWARD, &since);
        if (rc != ERR_OK)
            return rc;
        job_progress(p->job, "network", (k + 1.0) / p->windows.count);
    }
    free(p->ink);
    p->ink = NULL;
    return ERR_OK;
}

static enum err_code trace_tracks(struct pipeline *p, struct err *e)
{
    enum err_code rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < p->request->layout.n_tracks; i++) {
        struct track_run *run = &p->runs[i];
        rc = track_run_trace(run, p->env->net, p->input, p->env->pool, p->job, e);
        if (rc == ERR_OK && run->drift / run->geometry.x_scale > p->result->drift)
            p->result->drift = run->drift / run->geometry.x_scale;
        if (rc == ERR_OK && run->edges && run->edges_found < 0.2)
            warn(p->result, "Track %zu: no printed lines to follow were found; its edges are taken as given.", i + 1);
    }
    return rc;
}

static enum err_code calibrate(struct pipeline *p, struct err *e)
{
    const struct layout *layout = &p->request->layout;
    struct table_track *tracks = calloc(layout->n_tracks, sizeof *tracks);
    if (!tracks)
        return err_memory(e, "the calibration");
    for (size_t i = 0; i < layout->n_tracks; i++)
        tracks[i] = (struct table_track){.track = &layout->tracks[i], .geometry = p->runs[i].geometry,
                                         .left = p->runs[i].left, .right = p->runs[i].right, .traces = p->runs[i].traces};
    enum err_code rc = table_build(&p->table, layout, tracks, layout->n_tracks, p->request->step, e);
    free(tracks);
    return rc;
}

/* Drawing the overlay takes as long as writing all other files: it has a thread of its own where there are two, and
 * not one of the pool's, which other requests wait for. */
struct drawing {
    struct pipeline *p;
    struct err e;
};

static void *draw_overlay(void *arg)
{
    struct drawing *d = arg;
    struct pipeline *p = d->p;
    size_t n = p->request->layout.n_tracks;
    enum err_code rc = result_write_overlay(p->env->out_dir, p->input, p->runs, n, p->job, &d->e);
    p->result->wrote_overlay = rc == ERR_OK;
    return NULL;
}

static enum err_code write_other_files(struct pipeline *p, struct err *e)
{
    const char *dir = p->env->out_dir;
    size_t n = p->request->layout.n_tracks;
    enum err_code rc = result_write_tables(p->env, p->request, &p->table, p->result, e);
    if (rc == ERR_OK && p->request->want_overlay)
        rc = result_write_edges(dir, p->runs, n, e);
    if (rc == ERR_OK && p->request->want_mask) {
        rc = result_write_masks(dir, p->runs, n, e);
        p->result->wrote_mask = rc == ERR_OK;
    }
    return rc;
}

static enum err_code write_files(struct pipeline *p, struct err *e)
{
    struct drawing drawing = {.p = p};
    pthread_t thread;
    bool wanted = p->request->want_overlay;
    bool beside = wanted && pool_threads(p->env->pool) > 1 && pthread_create(&thread, NULL, draw_overlay, &drawing) == 0;
    enum err_code rc = write_other_files(p, e);
    if (beside)
        pthread_join(thread, NULL);
    else if (wanted && rc == ERR_OK)
        draw_overlay(&drawing);
    if (rc == ERR_OK && drawing.e.code) {
        *e = drawing.e;
        rc = drawing.e.code;
    }
    return rc;
}

/* What of a curve was not found as it was asked for. */
static void warn_of_curve(struct pipeline_result *r, const struct table_curve *c, size_t samples)
{
    const char *name = c->curve->mnemonic, *asked = layout_style_name(c->curve->style), *drawn = layout_style_name(c->drawn);
    if (samples == 0 && c->drawn != c->curve->style)
        warn(r, "%s: no such curve was found in the track; its values are null. It was sought as a %s one; a %s one is there that was not asked for.",
             name, asked, drawn);
    else if (samples == 0)
        warn(r, "%s: no such curve was found in the track; its values are null.", name);
    else if (c->drawn != c->curve->style)
        warn(r, "%s: no %s curve was found in the track, but a %s one that was not asked for; the values are that one's.",
             name, asked, drawn);
    if (samples > 0 && c->coverage < 0.5)
        warn(r, "%s: found on %.0f %% of the depths only.", name, 100 * c->coverage);
}

static void summarise(struct pipeline *p)
{
    struct pipeline_result *r = p->result;
    const struct layout *layout = &p->request->layout;
    const struct table *t = &p->table;
    r->x0 = layout->tracks[0].x0;
    r->x1 = layout->tracks[0].x1;
    r->y0 = layout->y0;
    r->y1 = layout->y1;
    r->has_depth = t->has_depth;
    r->start = t->start;
    r->step = t->step;
    r->stop = t->start + t->step * (double)(t->rows ? t->rows - 1 : 0);
    r->samples = t->rows;
    for (size_t i = 0; i < t->n_curves && i < PIPELINE_MAX_CURVES; i++) {
        const struct table_curve *c = &t->curves[i];
        struct pipeline_curve *out = &r->curves[r->n_curves++];
        *out = (struct pipeline_curve){.curve = *c->curve, .coverage = c->coverage, .confidence = c->mean_confidence};
        out->samples = (size_t)llround(c->coverage * (double)t->rows);
        warn_of_curve(r, c, out->samples);
    }
    if (!t->has_depth && p->request->want_las)
        warn(r, "No depths were given: the CSV is by row, and there is no LAS.");
    uint64_t damaged = scan_damaged_rows(p->scan);
    if (damaged)
        warn(r, "%llu rows of the scan are damaged; they were read as far as they could be.", (unsigned long long)damaged);
    if (r->drift > 3)
        warn(r, "The paper drifts sideways by up to %.0f pixels; the track's edges were followed.", r->drift);
}

static void close_all(struct pipeline *p)
{
    table_clear(&p->table);
    for (size_t i = 0; p->runs && i < p->request->layout.n_tracks; i++)
        track_run_clear(&p->runs[i]);
    free(p->runs);
    free(p->straighten.shift);
    free(p->ink);
    normalise_free(p->input);
    scan_close(p->scan);
}

enum err_code pipeline_run(const struct pipeline_env *env, struct pipeline_request *request,
                           struct pipeline_result *result, const struct job *job, struct err *e)
{
    struct pipeline p = {.env = env, .request = request, .result = result, .job = job};
    memset(result, 0, sizeof *result);
    int64_t start = job_now_ns(), since = start;

    enum err_code rc = check_classes(curvenet_info(env->net), e);
    if (rc == ERR_OK)
        rc = open_input(&p, e);
    clock_stage(&p, STAGE_DECODE, &since);
    job_progress(job, "decode", 1);
    if (rc == ERR_OK)
        rc = run_windows(&p, e);
    since = job_now_ns();
    if (rc == ERR_OK)
        rc = trace_tracks(&p, e);
    clock_stage(&p, STAGE_TRACE, &since);
    job_progress(job, "trace", 1);
    if (rc == ERR_OK)
        rc = calibrate(&p, e);
    clock_stage(&p, STAGE_CALIBRATE, &since);
    if (rc == ERR_OK)
        rc = write_files(&p, e);
    clock_stage(&p, STAGE_WRITE, &since);
    job_progress(job, "write", 1);
    if (rc == ERR_OK)
        summarise(&p);
    close_all(&p);
    clock_stage(&p, STAGE_TOTAL, &start);
    return rc;
}

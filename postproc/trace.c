#include "postproc/trace.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/trace_absent.h"
#include "postproc/trace_correct.h"
#include "postproc/trace_finish.h"
#include "postproc/trace_pairs.h"
#include "postproc/trace_path.h"
#include "postproc/trace_spare.h"
#include "postproc/trace_stray.h"
#include "postproc/trace_stretch.h"
#include "postproc/trace_stroke.h"
#include "postproc/trace_work.h"

/* Reads line i's ink on its path, beside all others. */
static enum err_code measure(struct work *w, struct group *g, size_t i, struct err *e)
{
    enum err_code rc;

    work_gather(w, g, i, g->n);
    rc = line_measure(&g->lines[i], &g->evidence, e);
    return rc ? rc : line_centre(&g->lines[i], &g->evidence, e);
}

/* The lines of group k one after another, as if there were no other groups, and of each only what ink it explains. */
static enum err_code find_alone(void *ctx, size_t k, int worker, struct err *e)
{
    const struct work *w = ctx;
    struct group *g = &w->groups[k];
    enum err_code rc = ERR_OK;

    (void)worker;
    g->evidence.borrow = false;
    for (size_t i = 0; i < g->n && rc == ERR_OK; i++) {
        group_gather(g, i, i);
        rc = trace_path(&g->evidence, g->lines[i].path, w->job, e);
        if (rc == ERR_OK)
            rc = line_measure(&g->lines[i], &g->evidence, e);
    }
    return rc;
}

/* Every line beside all others. */
static enum err_code find_beside(struct work *w, struct err *e)
{
    enum err_code rc = ERR_OK;

    for (size_t k = 0; k < w->n_groups; k++) {
        struct group *g = &w->groups[k];

        g->evidence.borrow = true;
        for (size_t i = 0; i < g->n && rc == ERR_OK; i++) {
            work_gather(w, g, i, g->n);
            rc = trace_path(&g->evidence, g->lines[i].path, w->job, e);
            if (rc == ERR_OK)
                rc = measure(w, g, i, e);
        }
    }
    return rc;
}

static enum err_code sharpen(struct work *w, struct err *e)
{
    enum err_code rc = ERR_OK;

    for (size_t i = 0; i < w->n && rc == ERR_OK; i++)
        rc = line_sharpen(w->lines[i], w->track->pool, e);
    return rc;
}

/* With the scan's own ink, if that is to be had. */
static enum err_code refine(struct work *w, int columns, struct err *e)
{
    const struct trace_track *track = w->track;
    enum err_code rc;

    if (!track->shade)
        return ERR_OK;
    rc = bars_read(w->lines, w->n, track, columns, w->job, e);
    for (size_t i = 0; i < w->n && rc == ERR_OK; i++)
        rc = line_refine(w->lines[i], track->pool, e);
    return rc;
}

/* Untangles every pair of lines of groups g and h. */
static enum err_code untangle_groups(struct group *g, struct group *h, bool *changed, struct err *e)
{
    enum err_code rc = ERR_OK;

    for (size_t i = 0; i < g->n; i++)
        for (size_t j = g == h ? i + 1 : 0; j < h->n && rc == ERR_OK; j++)
            rc = pairs_untangle(&g->lines[i], &g->evidence, &h->lines[j], &h->evidence, changed, e);
    return rc;
}

/* Takes their ink from all lines that have left the track. */
static void clear_strays(struct work *w)
{
    for (size_t k = 0; k < w->n_groups; k++)
        for (size_t i = 0; i < w->groups[k].n; i++) {
            work_gather(w, &w->groups[k], i, w->groups[k].n);
            stray_clear(&w->groups[k].lines[i], &w->groups[k].evidence.others);
        }
}

/* Tells the lines apart where they meet; those that have left the track meet none. */
static enum err_code untangle(struct work *w, struct err *e)
{
    bool changed = false;
    enum err_code rc = ERR_OK;

    clear_strays(w);
    for (size_t k = 0; k < w->n_groups && rc == ERR_OK; k++) {
        struct group *g = &w->groups[k];

        if (g->n < 2 || !w->track->shade)
            continue;
        work_gather(w, g, 0, g->n);
        rc = stroke_read(g->lines, g->n, &g->evidence, w->job, e);
    }
    for (size_t k = 0; k < w->n_groups; k++)
        for (size_t l = k; l < w->n_groups && rc == ERR_OK; l++)
            rc = untangle_groups(&w->groups[k], &w->groups[l], &changed, e);
    for (size_t k = 0; changed && k < w->n_groups; k++)
        for (size_t i = 0; i < w->groups[k].n && rc == ERR_OK; i++)
            rc = measure(w, &w->groups[k], i, e);
    if (!changed || rc != ERR_OK)
        return rc;
    rc = sharpen(w, e);
    clear_strays(w);   /* since their ink was read anew */
    return rc;
}

/* Where one curve of a class is asked for and another of the class is drawn beside it, settles which is meant.
 * Only beside curves of other classes that are traced: else the second one may be of another style, and the network
 * took it for this one. */
static enum err_code settle_spare(struct work *w, struct group *g, struct err *e)
{
    struct line spare = {0};
    bool changed = false;
    enum err_code rc;

    if (g->n != 1 || w->n == 1 || work_is_bystander(w, g) || !spare_suspected(&g->lines[0]))
        return ERR_OK;
    rc = line_alloc(&spare, g->lines[0].rows, e);
    if (rc == ERR_OK) {
        work_gather(w, g, 1, 1);   /* those of the line that is there already too */
        g->evidence.borrow = false;
        rc = trace_path(&g->evidence, spare.path, w->job, e);
    }
    if (rc == ERR_OK)
        rc = line_measure(&spare, &g->evidence, e);
    if (rc == ERR_OK)
        rc = spare_settle(&g->lines[0], &spare, &g->evidence, &changed, e);
    g->evidence.borrow = true;
    if (rc == ERR_OK && changed)
        rc = measure(w, g, 0, e);
    line_free(&spare);
    return rc;
}

static enum err_code open_trace(struct trace *out, int rows, struct err *e)
{
    out->rows = rows;
    out->x = malloc((size_t)rows * sizeof *out->x);
    out->confidence = calloc((size_t)rows, sizeof *out->confidence);
    out->wrap = calloc((size_t)rows, sizeof *out->wrap);
    return out->x && out->confidence && out->wrap ? ERR_OK : err_memory(e, "a traced curve");
}

/* Line i of the group, to out. */
static enum err_code finish(const struct group *g, size_t i, const struct trace_track *track, struct trace *out,
                            struct err *e)
{
    const struct line *line = &g->lines[i];
    enum err_code rc = open_trace(out, line->rows, e);

    if (rc != ERR_OK)
        return rc;
    memcpy(out->x, line->x, (size_t)line->rows * sizeof *out->x);
    rc = finish_confidence(g->lines, g->n, i, track, out->confidence, e);
    return rc ? rc : finish_wrap(line, track, out->wrap, e);
}

void trace_clear(struct trace *trace)
{
    free(trace->x);
    free(trace->confidence);
    free(trace->wrap);
    memset(trace, 0, sizeof *trace);
}

/* Finds all lines, tells them apart, and reads where in their ink they are. */
static enum err_code find_lines(struct work *w, int columns, struct err *e)
{
    enum err_code rc = ERR_OK;

    /* Twice, since the first to be traced saw the ink of all, and none yet what is left by the others. */
    if (w->n > 1)
        rc = pool_run(w->track->pool, w->n_groups, find_alone, w, e);
    if (rc == ERR_OK)
        rc = find_beside(w, e);
    for (size_t k = 0; k < w->n_groups && rc == ERR_OK; k++)
        rc = settle_spare(w, &w->groups[k], e);
    if (rc == ERR_OK)
        rc = sharpen(w, e);
    if (rc == ERR_OK)
        rc = untangle(w, e);
    return rc == ERR_OK ? refine(w, columns, e) : rc;
}

/* Bridges short holes, and takes away what is too faint, or the track's border, or other curves' alone. */
static void clean(struct work *w)
{
    for (size_t k = 0; k < w->n_groups; k++) {
        struct group *g = &w->groups[k];

        for (size_t i = 0; i < g->n; i++) {
            finish_gaps(&g->lines[i]);
            finish_border(&g->lines[i], w->track);
            work_gather(w, g, i, g->n);
            stretch_clear(&g->lines[i], &g->evidence.others);
        }
    }
}

/* Looks for the curves until all that are found are there: one that is not took ink from the others. */
static enum err_code find_present(struct work *w, const struct mask *mask, struct err *e)
{
    enum err_code rc;
    bool found = false;

    do {
        work_free(w);
        rc = work_open(w, mask, e);
        if (rc == ERR_OK && w->n > 0)
            rc = find_lines(w, mask_columns(mask), e);
        if (rc == ERR_OK) {
            clean(w);
            rc = absent_find(w, &found, e);
        }
    } while (rc == ERR_OK && found);
    return rc;
}

/* The trace of curve i, which is not there. */
static enum err_code finish_absent(const struct work *w, size_t i, int rows, struct err *e)
{
    struct trace *out = &w->out[i];
    enum err_code rc = open_trace(out, rows, e);

    for (int y = 0; y < rows && rc == ERR_OK; y++)
        out->x[y] = NAN;
    out->drawn = w->track->style[i];
    for (size_t k = w->n_groups; k-- > 0;)
        if ((w->passed[k].share > 0 && w->passed[k].by == i) || work_is_bystander(w, &w->groups[k]))
            out->drawn = (enum curve_style)k;
    return rc;
}

static enum err_code finish_all(const struct work *w, int rows, struct err *e)
{
    enum err_code rc = ERR_OK;

    for (size_t k = 0; k < w->n_groups; k++) {
        struct group *g = &w->groups[k];

        if (work_is_bystander(w, g))
            continue;
        group_order(g);
        for (size_t i = 0; i < g->n && rc == ERR_OK; i++)
            rc = finish(g, g->order[i], w->track, &w->out[g->at[i]], e);
    }
    for (size_t i = 0; i < w->track->n && rc == ERR_OK; i++)
        if (w->absent[i])
            rc = finish_absent(w, i, rows, e);
    return rc;
}

enum err_code trace_track(const struct mask *mask, const struct trace_track *track, struct trace *out,
                          const struct job *job, struct err *e)
{
    struct work w = {.track = track, .job = job, .out = out};
    size_t classes = (size_t)mask_classes(mask);
    enum err_code rc = ERR_OK;

    if (track->n == 0)
        return ERR_OK;
    w.absent = calloc(track->n + classes, sizeof *w.absent);
    w.passed = calloc(classes, sizeof *w.passed);
    if (!w.absent || !w.passed)
        rc = err_memory(e, "tracing a track");
    for (size_t i = 0; i < track->n; i++)
        out[i].drawn = track->style[i];
    if (rc == ERR_OK)
        rc = find_present(&w, mask, e);
    if (rc == ERR_OK)
        rc = finish_all(&w, mask_rows(mask), e);
    if (rc == ERR_OK)   /* their confidence stays what it was before */
        rc = trace_correct(mask, track, out, job, e);
    if (rc != ERR_OK)
        for (size_t i = 0; i < track->n; i++)
            trace_clear(&out[i]);
    work_free(&w);
    free(w.passed);
    free(w.absent);
    return rc;
}

#include "postproc/trace.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/trace_evidence.h"
#include "postproc/trace_finish.h"
#include "postproc/trace_line.h"
#include "postproc/trace_pairs.h"
#include "postproc/trace_path.h"

/* The curves of one style. */
struct group {
    struct evidence evidence;
    size_t n;
    struct line *lines;            /* [n] */
    const struct claim **claims;   /* [n]: scratch */
    size_t *order;                 /* [n]: lines from left to right */
};

/* Points the evidence at the claims of the first `n` lines but line i. */
static void claim_others(struct group *g, size_t i, size_t n)
{
    size_t k = 0;

    for (size_t j = 0; j < n; j++)
        if (j != i)
            g->claims[k++] = g->lines[j].claim;
    g->evidence.claims = g->claims;
    g->evidence.n_claims = k;
}

static enum err_code measure(struct group *g, size_t i, size_t n, struct err *e)
{
    enum err_code rc;

    claim_others(g, i, n);
    rc = line_measure(&g->lines[i], &g->evidence, e);
    return rc ? rc : line_centre(&g->lines[i], &g->evidence, e);
}

static enum err_code find(struct group *g, size_t i, size_t n, const struct job *job, struct err *e)
{
    enum err_code rc;

    claim_others(g, i, n);
    rc = trace_path(&g->evidence, g->lines[i].path, job, e);
    return rc ? rc : measure(g, i, n, e);
}

static enum err_code measure_all(struct group *g, struct err *e)
{
    enum err_code rc = ERR_OK;

    for (size_t i = 0; i < g->n && rc == ERR_OK; i++)
        rc = measure(g, i, g->n, e);
    return rc;
}

/* One after another in what the others leave, twice, since the first saw the ink of all; then told apart
 * where they meet. */
static enum err_code find_all(struct group *g, const struct job *job, struct err *e)
{
    int passes = g->n > 1 ? 2 : 1;
    enum err_code rc = ERR_OK;

    for (int pass = 0; pass < passes; pass++)
        for (size_t i = 0; i < g->n && rc == ERR_OK; i++)
            rc = find(g, i, pass == 0 ? i + 1 : g->n, job, e);
    for (size_t i = 0; i < g->n && rc == ERR_OK; i++)
        for (size_t j = i + 1; j < g->n && rc == ERR_OK; j++)
            if (pairs_untangle(&g->lines[i], &g->lines[j]))
                rc = measure_all(g, e);
    return rc;
}

static double mean_position(const struct line *line)
{
    double sum = 0;
    int n = 0;

    for (int y = 0; y < line->rows; y++)
        if (!isnan(line->x[y])) {
            sum += line->x[y];
            n++;
        }
    return n ? sum / n : INFINITY;   /* a curve that is not there comes last */
}

static void order_lines(struct group *g)
{
    for (size_t i = 0; i < g->n; i++) {
        double at = mean_position(&g->lines[i]);
        size_t k = i;

        for (; k > 0 && mean_position(&g->lines[g->order[k - 1]]) > at; k--)
            g->order[k] = g->order[k - 1];
        g->order[k] = i;
    }
}

static enum err_code finish(struct line *line, const struct trace_track *track, struct trace *out, struct err *e)
{
    size_t n = (size_t)line->rows;
    bool *bridged = calloc(n, sizeof *bridged);
    enum err_code rc = ERR_OK;

    out->rows = line->rows;
    out->x = malloc(n * sizeof *out->x);
    out->confidence = malloc(n * sizeof *out->confidence);
    out->wrap = malloc(n * sizeof *out->wrap);
    if (!bridged || !out->x || !out->confidence || !out->wrap) {
        rc = err_memory(e, "a traced curve");
        goto out;
    }
    finish_gaps(line, bridged);
    finish_confidence(line, track, bridged, out->confidence);
    memcpy(out->x, line->x, n * sizeof *out->x);
    rc = finish_wrap(line, track, out->wrap, e);
out:
    free(bridged);
    return rc;
}

/* Traces the curves of one class of the mask, whose places in `out` are at: [n]. */
static enum err_code trace_class(const struct mask *mask, const struct trace_track *track, int class_index,
                                 const size_t *at, size_t n, struct trace *out, const struct job *job,
                                 struct err *e)
{
    struct group g = {.n = n};
    enum err_code rc = ERR_OK;

    evidence_init(&g.evidence, mask, track, class_index);
    g.lines = calloc(n, sizeof *g.lines);
    g.claims = calloc(n, sizeof *g.claims);
    g.order = calloc(n, sizeof *g.order);
    if (!g.lines || !g.claims || !g.order)
        rc = err_memory(e, "tracing a curve");
    for (size_t i = 0; i < n && rc == ERR_OK; i++)
        rc = line_alloc(&g.lines[i], mask_rows(mask), e);
    if (rc == ERR_OK)
        rc = find_all(&g, job, e);
    if (rc == ERR_OK)
        order_lines(&g);
    for (size_t i = 0; i < n && rc == ERR_OK; i++)
        rc = finish(&g.lines[g.order[i]], track, &out[at[i]], e);
    for (size_t i = 0; g.lines && i < n; i++)
        line_free(&g.lines[i]);
    free(g.order);
    free(g.claims);
    free(g.lines);
    return rc;
}

void trace_clear(struct trace *trace)
{
    free(trace->x);
    free(trace->confidence);
    free(trace->wrap);
    memset(trace, 0, sizeof *trace);
}

/* The mask's class for a style; a checkpoint without dotted curves calls them dashed. */
static int class_of(const struct mask *mask, enum curve_style style)
{
    return (int)style < mask_classes(mask) ? (int)style : mask_classes(mask) - 1;
}

enum err_code trace_track(const struct mask *mask, const struct trace_track *track, struct trace *out,
                          const struct job *job, struct err *e)
{
    size_t *at = malloc((track->n ? track->n : 1) * sizeof *at);
    enum err_code rc = ERR_OK;

    if (!at)
        return err_memory(e, "tracing a track");
    for (int k = 0; k < mask_classes(mask) && rc == ERR_OK; k++) {
        size_t n = 0;

        for (size_t i = 0; i < track->n; i++)
            if (class_of(mask, track->style[i]) == k)
                at[n++] = i;
        if (n)
            rc = trace_class(mask, track, k, at, n, out, job, e);
    }
    if (rc != ERR_OK)
        for (size_t i = 0; i < track->n; i++)
            trace_clear(&out[i]);
    free(at);
    return rc;
}

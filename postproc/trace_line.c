#include "postproc/trace_line.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"

#define INK_MIN 0.25f   /* least probability of own ink on the path */
#define INK_PLAIN 0.2f  /* more than ink that another curve explains ever counts */
#define INK_TRACE 0.06f /* least probability that is followed between stretches of own ink */
#define INK_EDGE 0.4f   /* a run ends where the probability falls under this, or under half its peak */

enum err_code line_alloc(struct line *line, int rows, struct err *e)
{
    size_t n = (size_t)rows;

    memset(line, 0, sizeof *line);
    line->rows = rows;
    line->path = calloc(n, sizeof *line->path);
    line->ink = calloc(n, sizeof *line->ink);
    line->lo = calloc(n, sizeof *line->lo);
    line->hi = calloc(n, sizeof *line->hi);
    line->centre = calloc(n, sizeof *line->centre);
    line->peak = calloc(n, sizeof *line->peak);
    line->rival = calloc(n, sizeof *line->rival);
    line->x = calloc(n, sizeof *line->x);
    line->claim = calloc(n, sizeof *line->claim);
    line->shade = calloc(n, sizeof *line->shade);
    line->tint = calloc(n, sizeof *line->tint);
    line->breadth = calloc(n, sizeof *line->breadth);
    if (line->path && line->ink && line->lo && line->hi && line->centre && line->peak && line->rival && line->x &&
        line->claim && line->shade && line->tint && line->breadth)
        return ERR_OK;
    line_free(line);
    return err_memory(e, "tracing a curve");
}

void line_free(struct line *line)
{
    free(line->path);
    free(line->ink);
    free(line->lo);
    free(line->hi);
    free(line->centre);
    free(line->peak);
    free(line->rival);
    free(line->x);
    free(line->claim);
    free(line->shade);
    free(line->tint);
    free(line->breadth);
    bars_free(&line->bars);
    memset(line, 0, sizeof *line);
}

void line_fill(const float *x, int rows, float *filled)
{
    int last = -1;

    memcpy(filled, x, (size_t)rows * sizeof *filled);
    for (int y = 0; y < rows; y++) {
        if (isnan(x[y]))
            continue;
        if (last >= 0)
            line_bridge(filled, last, y);
        else
            for (int k = 0; k < y; k++)
                filled[k] = x[y];
        last = y;
    }
    for (int k = last + 1; k < rows; k++)
        filled[k] = last < 0 ? 0 : x[last];
}

float line_edge(float peak)
{
    return fminf(INK_EDGE, 0.5f * peak);
}

/* The row's ink run at or next to column `at`: its ends and peak.  False if the probability there is under
 * `least`. */
static bool find_run(const struct evidence_row *row, int at, float least, int *first, int *last, float *peak)
{
    float edge, p, most = evidence_at(row, at);
    int top = at;

    for (int x = at - 2; x <= at + 2; x++)
        if ((p = evidence_at(row, x)) > most) {
            most = p;
            top = x;
        }
    if (most < least)
        return false;
    edge = line_edge(most);
    for (*first = top; (p = evidence_at(row, *first - 1)) >= edge; --*first)
        most = fmaxf(most, p);
    for (*last = top; (p = evidence_at(row, *last + 1)) >= edge; ++*last)
        most = fmaxf(most, p);
    *peak = most;
    return true;
}

/* Where between an inner and an outer column the probability crosses the run's edge level; at the inner one if that
 * is under it, as the ends of a run may be that has its peak far from the path. */
static float crossing(float inside, float outside, float edge)
{
    return inside > outside ? fmaxf(0, inside - edge) / (inside - outside) : 0;
}

static void measure_run(struct line *line, int y, const struct evidence_row *row, int columns, int first, int last)
{
    float edge = line_edge(line->peak[y]), sum = 0, weight = 0;
    float left = evidence_at(row, first), right = evidence_at(row, last);

    line->lo[y] = (float)first - (first > 0 ? crossing(left, evidence_at(row, first - 1), edge) : 0.5f);
    line->hi[y] = (float)last + (last + 1 < columns ? crossing(right, evidence_at(row, last + 1), edge) : 0.5f);
    for (int x = first - 1 < 0 ? 0 : first - 1; x <= last + 1 && x < columns; x++) {
        float p = evidence_at(row, x);

        sum += p * (float)x;
        weight += p;
    }
    line->centre[y] = sum / weight;
}

/* The highest probability of columns lo..hi of the row's bounds; 0 if lo > hi. */
static float highest(const struct evidence_row *row, int lo, int hi)
{
    uint8_t most = 0;

    for (int x = mask_next(row->q, lo, hi + 1); x <= hi; x = mask_next(row->q, x + 1, hi + 1))
        most = row->q[x] > most ? row->q[x] : most;
    return lo <= hi ? row->probability[most] : 0;
}

/* Measures row y, of which columns first..last are a run of the line's own ink; where it swings, with what else its stroke
 * runs through.  q: [columns], scratch. */
static void measure_own(struct line *line, int y, const struct evidence *ev, const struct evidence_row *own, uint8_t *q,
                        int *first, int *last)
{
    struct evidence_row row = *own;
    float peak;

    line->ink[y] = INK_OWN;
    if (line_swings(line, y, (float)(*last - *first))) {
        row.q = q;
        evidence_stroke(ev, y, q);
        find_run(&row, line->path[y], INK_MIN, first, last, &peak);
    }
    measure_run(line, y, &row, mask_columns(ev->mask), *first, *last);
}

/* own_q, all_q: [columns], scratch. */
static void measure_row(struct line *line, int y, const struct evidence *ev, uint8_t *own_q, uint8_t *all_q)
{
    enum { BESIDE = 4 };   /* columns next to the run that are still its own */
    int first = line->path[y], last = first;
    struct evidence_row own = evidence_row(ev, y, own_q), all = own;

    line->ink[y] = INK_NONE;
    line->lo[y] = line->hi[y] = line->centre[y] = NAN;
    line->peak[y] = 0;
    evidence_own(ev, y, own_q);
    if (find_run(&own, line->path[y], INK_MIN, &first, &last, &line->peak[y])) {
        measure_own(line, y, ev, &own, all_q, &first, &last);
    } else {
        all.q = all_q;
        evidence_all(ev, y, all_q);
        if (find_run(&all, line->path[y], INK_TRACE, &first, &last, &line->peak[y])) {
            line->ink[y] = line->peak[y] < INK_PLAIN ? INK_BORROWED : evidence_beside(ev, y) ? INK_SPARE : INK_OTHER;
            measure_run(line, y, &all, mask_columns(ev->mask), first, last);
        }
    }
    line->rival[y] = fmaxf(highest(&own, own.lo, first - BESIDE - 1 < own.hi ? first - BESIDE - 1 : own.hi),
                           highest(&own, last + BESIDE + 1 > own.lo ? last + BESIDE + 1 : own.lo, own.hi));
}

/* The line's own ink in row y and what its path runs through in the rows beside, as wide as the line is
 * thick. */
static void claim_ink(struct line *line)
{
    int reach = (int)ceilf(line->radius);

    for (int y = 0; y < line->rows; y++) {
        int lo = line->path[y], hi = lo;

        line->claim[y] = (struct claim){0, -1};
        if (line->ink[y] != INK_OWN)
            continue;
        for (int j = y - 1; j <= y + 1; j += 2)
            if (j >= 0 && j < line->rows) {
                lo = line->path[j] < lo ? line->path[j] : lo;
                hi = line->path[j] > hi ? line->path[j] : hi;
            }
        if (line->hi[y] - line->lo[y] < 4 * line->radius) {
            lo = (int)fminf((float)lo, line->centre[y]);
            hi = (int)fmaxf((float)hi, ceilf(line->centre[y]));
        }
        line->claim[y] = (struct claim){lo - reach, hi + reach};
    }
}

/* Half the median width of the runs where the path goes straight down. */
static enum err_code measure_radius(struct line *line, struct err *e)
{
    float *width = malloc((size_t)line->rows * sizeof *width);
    size_t n = 0;

    if (!width)
        return err_memory(e, "tracing a curve");
    for (int y = 1; y + 1 < line->rows; y++)
        if (line->peak[y] > 0.5f && fabsf(line->centre[y + 1] - line->centre[y - 1]) < 1.5f)
            width[n++] = line->hi[y] - line->lo[y];
    line->radius = 1.6f;
    if (n >= 20)
        line->radius = fminf(4, fmaxf(0.8f, sort_median(width, n) / 2));
    free(width);
    return ERR_OK;
}

enum err_code line_measure(struct line *line, const struct evidence *ev, struct err *e)
{
    size_t columns = (size_t)mask_columns(ev->mask);
    uint8_t *own = malloc(columns), *all = malloc(columns);
    enum err_code rc = ERR_OK;

    if (!own || !all) {
        rc = err_memory(e, "tracing a curve");
        goto out;
    }
    for (int y = 0; y < line->rows; y++)
        measure_row(line, y, ev, own, all);
    rc = measure_radius(line, e);
    claim_ink(line);
out:
    free(all);
    free(own);
    return rc;
}

/* A curve that swings fast, from the outline of its ink.
 *
 * Drawn with a round pen of radius r, a curve x(y) covers in row y the columns from
 * min over dy of x(y+dy) - sqrt(r^2-dy^2) to max over dy of x(y+dy) + sqrt(r^2-dy^2), |dy| <= r: of swings by many
 * columns within a few rows a row shows one wide bar, and where in it the curve is tell only the ends of this and the
 * bars around.  So the values are searched, row by row and over again, that would give these ends (analysis by
 * synthesis, by coordinate descent), and bend no more than that takes: else any thick line would be a fast one.
 *
 * First with the ends that the mask shows, then with the scan's own ink too, in which a thin pen's swings are apart
 * that are one in the mask. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/trace_line.h"

enum {
    REACH = 3,        /* rows up and down that the pen covers, at most */
    MARGIN = 2 * REACH + 1,   /* rows at both ends of the scan that are left as they are */
    SAMPLES = 4,      /* of dy on each side */
    SWEEPS = 4,
    PLACES = 8        /* across a bar that are tried */
};

static const float usual_radius = 2.2f,   /* of a line that the network is sure of; a fast one's cannot be measured */
                   thin_radius = 1.6f,    /* of a pen that shows more than the mask does, at most */
                   slack = 3,             /* columns by which a bar is wider than the line is thick, at least */
                   fair = 2,              /* columns; errors of less count by their squares, others by their size */
                   much_paper = 20, much_ink = 10;   /* columns a row, of which more are not the curve's fault */

/* What counts how much, against a column's error of a bar's ends in the mask. */
struct weights {
    float bend, shift;   /* a column's bend; a column off what was found before */
    float paper, ink;    /* a column of paper that the pen should have covered; of ink that it has not */
};

static const struct weights by_mask = {.bend = 0.6f, .shift = 0.3f},
                            by_ink = {.bend = 0.3f, .shift = 0.2f, .paper = 2, .ink = 2},
                            by_broken_ink = {.bend = 0.3f, .shift = 0.2f, .paper = 1, .ink = 2};   /* dashes, dots */

/* The pen at some offsets from a row: the row before, how far on to the next, and how far it reaches sideways. */
struct pen {
    int rows;
    struct { int before; float share, cover; } at[2 * SAMPLES + 1];
};

struct search {
    const struct line *line;
    struct weights weights;
    struct pen drawn, inked;   /* of the mask; of the scan */
    float *x;                  /* [rows] */
    uint8_t *due;              /* [rows]: the last sweep that a row is looked at in; 0: none */
};

static void make_pen(struct pen *pen, float radius)
{
    pen->rows = (int)ceilf(radius);
    for (int k = -SAMPLES; k <= SAMPLES; k++) {
        float dy = radius * (float)k / SAMPLES;
        int before = (int)floorf(dy);

        pen->at[k + SAMPLES].before = before;
        pen->at[k + SAMPLES].share = dy - (float)before;
        pen->at[k + SAMPLES].cover = sqrtf(radius * radius - dy * dy);
    }
}

/* What the pen covers of row y. */
struct span { float lo, hi; };

static struct span cover(const struct pen *pen, const float *x, int y)
{
    struct span span = {INFINITY, -INFINITY};

    for (int k = 0; k <= 2 * SAMPLES; k++) {
        const float *before = x + y + pen->at[k].before;
        float at = before[0] + pen->at[k].share * (before[1] - before[0]);

        span.lo = at - pen->at[k].cover < span.lo ? at - pen->at[k].cover : span.lo;
        span.hi = at + pen->at[k].cover > span.hi ? at + pen->at[k].cover : span.hi;
    }
    return span;
}

/* Of an error in columns (Huber's). */
static float error_cost(float d)
{
    d = fabsf(d);
    return d < fair ? d * d / (2 * fair) : d - fair / 2;
}

/* How far the ends of row y's bar would be from those that the mask has. */
static float mask_cost(const struct search *s, int y)
{
    struct span span;

    if (s->line->ink[y] == INK_NONE)
        return 0;
    span = cover(&s->drawn, s->x, y);
    return error_cost(span.lo - s->line->lo[y]) + error_cost(span.hi - s->line->hi[y]);
}

/* How much paper the pen would have covered in row y, and how much ink of the bar it would not. */
static float ink_cost(const struct search *s, int y)
{
    const struct line *line = s->line;
    const struct bar *bar = &line->bars.row[y];
    struct span span;
    float paper, ink;

    if (bar->n == 0)
        return 0;
    span = cover(&s->inked, s->x, y);
    paper = span.hi - span.lo - bars_ink(&line->bars, bar, span.lo, span.hi);
    ink = bars_ink(&line->bars, bar, line->lo[y], line->hi[y]) -
          bars_ink(&line->bars, bar, fmaxf(span.lo, line->lo[y]), fminf(span.hi, line->hi[y]));
    return s->weights.paper * fminf(much_paper, fmaxf(0, paper)) + s->weights.ink * fminf(much_ink, ink);
}

/* What the rows around y cost if the curve is at column `at` there; as soon as that is no less than `least`, so much. */
static float cost(struct search *s, int y, float at, float least)
{
    float *x = s->x, sum = s->weights.shift * fabsf(at - s->line->x[y]);

    x[y] = at;
    for (int k = y - 1; k <= y + 1; k++)
        sum += s->weights.bend * fabsf(x[k - 1] - 2 * x[k] + x[k + 1]);
    for (int k = y - s->drawn.rows; k <= y + s->drawn.rows && sum < least; k++)
        sum += mask_cost(s, k);
    for (int k = y - s->inked.rows; s->weights.ink > 0 && k <= y + s->inked.rows && sum < least; k++)
        sum += ink_cost(s, k);
    return sum;
}

/* Moves the curve in row y to where that costs least: across the bar, nearby, or in line with the rows beside.  Whether
 * that moved it. */
static bool improve(struct search *s, int y)
{
    static const float nearby[] = {-0.12f, -0.05f, -0.02f, 0.02f, 0.05f, 0.12f};
    enum { NEARBY = sizeof nearby / sizeof *nearby };
    float was = s->x[y], best = was, least = cost(s, y, was, INFINITY);
    float lo = s->line->lo[y], width = s->line->hi[y] - lo;

    for (int k = 0; k <= PLACES + NEARBY; k++) {
        float at = k < PLACES ? lo + width * (float)k / (PLACES - 1)
                 : k < PLACES + NEARBY ? was + width * nearby[k - PLACES] : (s->x[y - 1] + s->x[y + 1]) / 2;
        float c = cost(s, y, at, least);

        if (c < least) {
            least = c;
            best = at;
        }
    }
    s->x[y] = best;
    return fabsf(best - was) > 0.1f;
}

/* x: [rows]: the line's, straight on through its gaps. */
static void fill_gaps(const struct line *line, float *x)
{
    int last = -1;

    memcpy(x, line->x, (size_t)line->rows * sizeof *x);
    for (int y = 0; y < line->rows; y++) {
        if (isnan(x[y]))
            continue;
        if (last >= 0)
            line_bridge(x, last, y);
        else
            for (int k = 0; k < y; k++)
                x[k] = x[y];
        last = y;
    }
    for (int k = last + 1; k < line->rows; k++)
        x[k] = last < 0 ? 0 : x[last];
}

void line_fast(const struct line *line, uint8_t *fast)
{
    float least = 2 * line->radius + slack;

    for (int y = MARGIN; y < line->rows - MARGIN; y++) {
        if (isnan(line->x[y]))
            continue;
        for (int k = y - 1; k <= y + 1; k++)
            if (line->hi[k] - line->lo[k] > least)   /* false where there is no ink */
                fast[y] = 1;
    }
}

/* Improves the rows whose sweep it is, and has those that see a change looked at in the next. */
static bool sweep_rows(struct search *s, uint8_t sweep)
{
    int rows = s->line->rows, reach = 2 * s->drawn.rows;
    bool any = false;

    for (int k = MARGIN; k < rows - MARGIN; k++) {
        int y = sweep % 2 ? k : rows - 1 - k;

        if (s->due[y] < sweep || !improve(s, y))
            continue;
        any = true;
        for (int j = y - reach; j <= y + reach; j++)
            if (s->due[j])
                s->due[j] = sweep + 1;
    }
    return any;
}

static enum err_code begin(struct search *s, const struct line *line, struct err *e)
{
    size_t n = (size_t)line->rows;

    *s = (struct search){.line = line, .weights = by_mask, .x = malloc(n * sizeof *s->x),
                         .due = calloc(n, sizeof *s->due)};
    if (!s->x || !s->due)
        return err_memory(e, "a curve's outline");
    make_pen(&s->drawn, fminf(usual_radius, line->radius));
    fill_gaps(line, s->x);
    line_fast(line, s->due);
    return ERR_OK;
}

/* Searches, and gives the line what was found. */
static void sweep(struct search *s, struct line *line)
{
    for (uint8_t k = 1; k <= SWEEPS && sweep_rows(s, k); k++)
        ;
    for (int y = 0; y < line->rows; y++)
        if (s->due[y])
            line->x[y] = s->x[y];
}

static void end(struct search *s)
{
    free(s->due);
    free(s->x);
}

enum err_code line_sharpen(struct line *line, struct err *e)
{
    struct search s;
    enum err_code rc = begin(&s, line, e);

    if (rc == ERR_OK)
        sweep(&s, line);
    end(&s);
    return rc;
}

/* Sets the scan's pen to the one that fits best where the line swings fast: many are thinner there than elsewhere. */
static float fit_pen(struct search *s)
{
    static const float tried[] = {0.5f, 0.6f, 0.7f, 0.8f, 0.9f, 1, 1.1f, 1.2f, 1.35f, 1.5f, 1.75f, 2, 2.25f, 2.5f, 2.8f};
    float best = 0, least = INFINITY;

    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++) {
        float sum = 0;

        make_pen(&s->inked, tried[i]);
        for (int y = MARGIN; y < s->line->rows - MARGIN; y++)
            if (s->due[y])
                sum += ink_cost(s, y);
        if (sum < least) {
            least = sum;
            best = tried[i];
        }
    }
    make_pen(&s->inked, best);
    return best;
}

enum err_code line_refine(struct line *line, bool broken, struct err *e)
{
    struct search s;
    enum err_code rc;

    if (!line->bars.sum)
        return ERR_OK;
    rc = begin(&s, line, e);
    s.weights = broken ? by_broken_ink : by_ink;
    if (rc == ERR_OK && fit_pen(&s) <= thin_radius)
        sweep(&s, line);
    end(&s);
    return rc;
}

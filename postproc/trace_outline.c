/* A curve that swings fast, from the outline of its ink.
 *
 * Of swings by many columns within a few rows a row shows one wide bar, and where in it the curve is tell only the ends
 * of this and the bars around.  So the values are searched, row by row and over again, whose stroke with a round pen would
 * have these ends (analysis by synthesis, by coordinate descent), and that bend no more than that takes: else any thick
 * line would be a fast one.
 *
 * First with the ends that the mask shows, then with the scan's own ink too, in which a thin pen's swings are apart
 * that are one in the mask. */
#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/trace_line.h"
#include "postproc/trace_pen.h"

enum {
    MARGIN = 2 * PEN_REACH + 1,   /* rows at both ends of the scan that are left as they are */
    SWEEPS = 4,
    ACROSS = 8,                   /* places across a bar that are tried */
    PART_ROWS = 256               /* of a part, at least */
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

struct search {
    const struct line *line;
    struct weights weights;
    struct pen drawn, inked;   /* of the mask; of the scan */
    float *x;                  /* [rows] */
    uint8_t *due;              /* [rows]: the last sweep that a row is looked at in; 0: none */
    struct part *parts;        /* [n_parts]: all rows that are due */
    size_t n_parts;
};

/* Rows first..end-1, whose values no row of another part depends on. */
struct part { int first, end; };

/* Of an error in columns (Huber's). */
static inline float error_cost(float d)
{
    float size = fabsf(d), square = size * size / (2 * fair), linear = size - fair / 2;

    return size < fair ? square : linear;
}

/* What a row costs for each of the places that are tried, added to what others do. */
struct costs { float of[PEN_PLACES]; };

/* How far the ends of row k's bar would be from those that the mask has. */
static void add_mask(const struct line *line, int k, const struct spans *spans, struct costs *sum)
{
    float lo = line->lo[k], hi = line->hi[k];

    for (int i = 0; i < PEN_PLACES; i++)
        sum->of[i] += error_cost(spans->lo[i] - lo) + error_cost(spans->hi[i] - hi);
}

/* Without the libm's calls for NaN. */
static inline float lesser(float a, float b) { return a < b ? a : b; }
static inline float greater(float a, float b) { return a > b ? a : b; }

/* A row that bars_read has read. */
struct inked_row {
    const struct bars *bars;
    const struct bar *bar;
    float before, until;   /* ink before the two ends that the mask's bar has */
};

static struct inked_row inked_row(const struct line *line, int k)
{
    struct inked_row row = {.bars = &line->bars, .bar = &line->bars.row[k]};

    row.before = bars_before(row.bars, row.bar, line->lo[k]);
    row.until = bars_before(row.bars, row.bar, line->hi[k]);
    return row;
}

/* How much paper a pen would have covered that covers columns lo..hi, and how much ink of the bar it would not. */
static float ink_cost(const struct weights *weights, const struct inked_row *row, float lo, float hi)
{
    float before = bars_before(row->bars, row->bar, lo), until = bars_before(row->bars, row->bar, hi);
    float paper = hi - lo - (until - before);
    float covered = greater(0, lesser(until, row->until) - greater(before, row->before));

    return weights->paper * lesser(much_paper, greater(0, paper)) +
           weights->ink * lesser(much_ink, row->until - row->before - covered);
}

static void add_ink(const struct search *s, int k, const struct spans *spans, struct costs *sum)
{
    struct inked_row row = inked_row(s->line, k);

    for (int i = 0; i < PEN_PLACES; i++)
        sum->of[i] += ink_cost(&s->weights, &row, spans->lo[i], spans->hi[i]);
}

/* What being off what was found before costs, and the bends around row y. */
static void add_bends(const struct search *s, int y, const float *restrict places, float *restrict sum)
{
    const float *x = s->x + y;
    float bend = s->weights.bend, shift = s->weights.shift, found = s->line->x[y];

    for (int i = 0; i < PEN_PLACES; i++) {
        float at = places[i];

        sum[i] += shift * fabsf(at - found);
        sum[i] += bend * fabsf(x[-2] - 2 * x[-1] + at);
        sum[i] += bend * fabsf(x[-1] - 2 * at + x[1]);
        sum[i] += bend * fabsf(at - 2 * x[1] + x[2]);
    }
}

/* What the rows around y cost if the curve is at each of the places there. */
static void cost(const struct search *s, int y, const float places[static PEN_PLACES], struct costs *sum)
{
    struct spans spans;

    memset(sum, 0, sizeof *sum);
    add_bends(s, y, places, sum->of);
    for (int d = -s->drawn.rows; d <= s->drawn.rows; d++)
        if (s->line->ink[y + d] != INK_NONE) {
            pen_cover_each(&s->drawn, s->x, y, d, places, &spans);
            add_mask(s->line, y + d, &spans, sum);
        }
    for (int d = -s->inked.rows; s->weights.ink > 0 && d <= s->inked.rows; d++)
        if (s->line->bars.row[y + d].n > 0) {
            pen_cover_each(&s->inked, s->x, y, d, places, &spans);
            add_ink(s, y + d, &spans, sum);
        }
}

/* Moves the curve in row y to where that costs least: across the bar, nearby, or in line with the rows beside.  Whether
 * that moved it. */
static bool improve(struct search *s, int y)
{
    static const float nearby[] = {-0.12f, -0.05f, -0.02f, 0.02f, 0.05f, 0.12f};
    enum { NEARBY = sizeof nearby / sizeof *nearby };
    float was = s->x[y], lo = s->line->lo[y], width = s->line->hi[y] - lo, places[PEN_PLACES];
    struct costs costs;
    int best = 0;

    static_assert(1 + ACROSS + NEARBY + 1 == PEN_PLACES, "no place is left over");
    places[0] = was;
    for (int k = 0; k < ACROSS; k++)
        places[1 + k] = lo + width * (float)k / (ACROSS - 1);
    for (int k = 0; k < NEARBY; k++)
        places[1 + ACROSS + k] = was + width * nearby[k];
    places[PEN_PLACES - 1] = (s->x[y - 1] + s->x[y + 1]) / 2;
    cost(s, y, places, &costs);
    for (int k = 1; k < PEN_PLACES; k++)
        if (costs.of[k] < costs.of[best])
            best = k;
    s->x[y] = places[best];
    return fabsf(places[best] - was) > 0.1f;
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
static bool sweep_rows(struct search *s, struct part part, uint8_t sweep)
{
    int reach = 2 * s->drawn.rows;
    bool any = false;

    for (int k = 0; k < part.end - part.first; k++) {
        int y = sweep % 2 ? part.first + k : part.end - 1 - k;

        if (s->due[y] < sweep || !improve(s, y))
            continue;
        any = true;
        for (int j = y - reach; j <= y + reach; j++)
            if (s->due[j])
                s->due[j] = sweep + 1;
    }
    return any;
}

static enum err_code search_part(void *ctx, size_t i, int worker, struct err *e)
{
    struct search *s = ctx;

    (void)worker;
    (void)e;
    for (uint8_t k = 1; k <= SWEEPS && sweep_rows(s, s->parts[i], k); k++)
        ;
    return ERR_OK;
}

/* Splits the rows between due ones so far apart that no pen sees both. */
static void split(struct search *s)
{
    struct part part = {MARGIN, s->line->rows - MARGIN};
    int last = part.first;

    for (int y = part.first; y < part.end; y++) {
        if (!s->due[y])
            continue;
        if (y - last > MARGIN && y - part.first >= PART_ROWS) {
            s->parts[s->n_parts++] = (struct part){part.first, y};
            part.first = y;
        }
        last = y;
    }
    if (part.first < part.end)
        s->parts[s->n_parts++] = part;
}

static enum err_code begin(struct search *s, const struct line *line, struct err *e)
{
    size_t n = (size_t)line->rows;

    *s = (struct search){.line = line, .weights = by_mask, .x = malloc(n * sizeof *s->x),
                         .due = calloc(n, sizeof *s->due),
                         .parts = calloc(n / PART_ROWS + 1, sizeof *s->parts)};
    if (!s->x || !s->due || !s->parts)
        return err_memory(e, "a curve's outline");
    pen_make(&s->drawn, fminf(usual_radius, line->radius));
    line_fill(line->x, line->rows, s->x);
    line_fast(line, s->due);
    split(s);
    return ERR_OK;
}

/* Searches, and gives the line what was found. */
static enum err_code search(struct search *s, struct line *line, struct pool *pool, struct err *e)
{
    enum err_code rc = pool_run(pool, s->n_parts, search_part, s, e);

    for (int y = 0; y < line->rows && rc == ERR_OK; y++)
        if (s->due[y])
            line->x[y] = s->x[y];
    return rc;
}

static void end(struct search *s)
{
    free(s->parts);
    free(s->due);
    free(s->x);
}

enum err_code line_sharpen(struct line *line, struct pool *pool, struct err *e)
{
    struct search s;
    enum err_code rc = begin(&s, line, e);

    if (rc == ERR_OK)
        rc = search(&s, line, pool, e);
    end(&s);
    return rc;
}

static const float tried_pens[] = {0.5f,  0.6f, 0.7f,  0.8f, 0.9f,  1,    1.1f, 1.2f,
                                   1.35f, 1.5f, 1.75f, 2,    2.25f, 2.5f, 2.8f};
enum { TRIED_PENS = sizeof tried_pens / sizeof *tried_pens };

/* What the scan's ink costs with each pen where the line swings fast. */
struct pen_costs {
    const struct search *search;
    float of[TRIED_PENS];
};

static enum err_code try_pen(void *ctx, size_t i, int worker, struct err *e)
{
    struct pen_costs *costs = ctx;
    const struct search *s = costs->search;
    struct pen pen;
    float sum = 0;

    (void)worker;
    (void)e;
    pen_make(&pen, tried_pens[i]);
    for (int y = MARGIN; y < s->line->rows - MARGIN; y++)
        if (s->due[y] && s->line->bars.row[y].n > 0) {
            struct span span = pen_cover(&pen, s->x, y);
            struct inked_row row = inked_row(s->line, y);

            sum += ink_cost(&s->weights, &row, span.lo, span.hi);
        }
    costs->of[i] = sum;
    return ERR_OK;
}

/* Sets the scan's pen to the one that fits best: many are thinner where the line swings fast than elsewhere. */
static enum err_code fit_pen(struct search *s, struct pool *pool, float *radius, struct err *e)
{
    struct pen_costs costs = {.search = s};
    enum err_code rc = pool_run(pool, TRIED_PENS, try_pen, &costs, e);
    size_t best = 0;

    for (size_t i = 1; i < TRIED_PENS; i++)
        if (costs.of[i] < costs.of[best])
            best = i;
    *radius = tried_pens[best];
    pen_make(&s->inked, *radius);
    return rc;
}

enum err_code line_refine(struct line *line, struct pool *pool, struct err *e)
{
    struct search s;
    float radius = 0;
    enum err_code rc;

    if (!line->bars.sum)
        return ERR_OK;
    rc = begin(&s, line, e);
    s.weights = line->broken ? by_broken_ink : by_ink;
    if (rc == ERR_OK)
        rc = fit_pen(&s, pool, &radius, e);
    if (rc == ERR_OK && radius <= thin_radius)
        rc = search(&s, line, pool, e);
    end(&s);
    return rc;
}

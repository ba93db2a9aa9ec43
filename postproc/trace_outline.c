/* A curve that swings fast, from the outline of its ink.
 *
 * Drawn with a round pen of radius r, a curve x(y) covers in row y the columns from
 * min over dy of x(y+dy) - sqrt(r^2-dy^2) to max over dy of x(y+dy) + sqrt(r^2-dy^2), |dy| <= r: of swings by many
 * columns within a few rows a row shows one wide bar, and where in it the curve is tell only the ends of this and the
 * bars around.  So the values are searched, row by row and over again, that would give these ends (analysis by
 * synthesis, by coordinate descent), and bend no more than that takes: else any thick line would be a fast one. */
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
                   slack = 3,             /* columns by which a bar is wider than the line is thick, at least */
                   fair = 2,              /* columns; errors of less count by their squares, others by their size */
                   per_bend = 0.6f, per_shift = 0.3f;   /* of a column, against an error's column */

/* The pen at some offsets from a row: the row before, how far on to the next, and how far it reaches sideways. */
struct pen {
    int rows;
    struct { int before; float share, cover; } at[2 * SAMPLES + 1];
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

/* Of an error in columns (Huber's). */
static float error_cost(float d)
{
    d = fabsf(d);
    return d < fair ? d * d / (2 * fair) : d - fair / 2;
}

/* How far the ends of row y's bar would be from those that the mask has. */
static float row_cost(const struct line *line, const struct pen *pen, const float *x, int y)
{
    float lo = INFINITY, hi = -INFINITY;

    if (line->ink[y] == INK_NONE)
        return 0;
    for (int k = 0; k <= 2 * SAMPLES; k++) {
        const float *before = x + y + pen->at[k].before;
        float at = before[0] + pen->at[k].share * (before[1] - before[0]);

        lo = at - pen->at[k].cover < lo ? at - pen->at[k].cover : lo;
        hi = at + pen->at[k].cover > hi ? at + pen->at[k].cover : hi;
    }
    return error_cost(lo - line->lo[y]) + error_cost(hi - line->hi[y]);
}

/* What the rows around y cost if the curve is at column `at` there. */
static float cost(const struct line *line, const struct pen *pen, float *x, int y, float at)
{
    float sum = per_shift * fabsf(at - line->x[y]);

    x[y] = at;
    for (int k = y - 1; k <= y + 1; k++)
        sum += per_bend * fabsf(x[k - 1] - 2 * x[k] + x[k + 1]);
    for (int k = y - pen->rows; k <= y + pen->rows; k++)
        sum += row_cost(line, pen, x, k);
    return sum;
}

/* Moves the curve in row y to where that costs least: across the bar, nearby, or in line with the rows beside.  Whether
 * that moved it. */
static bool improve(const struct line *line, const struct pen *pen, float *x, int y)
{
    static const float nearby[] = {-0.12f, -0.05f, -0.02f, 0.02f, 0.05f, 0.12f};
    enum { NEARBY = sizeof nearby / sizeof *nearby };
    float was = x[y], best = was, least = cost(line, pen, x, y, was);
    float lo = line->lo[y], width = line->hi[y] - lo;

    for (int k = 0; k <= PLACES + NEARBY; k++) {
        float at = k < PLACES ? lo + width * (float)k / (PLACES - 1)
                 : k < PLACES + NEARBY ? was + width * nearby[k - PLACES] : (x[y - 1] + x[y + 1]) / 2;
        float c = cost(line, pen, x, y, at);

        if (c < least) {
            least = c;
            best = at;
        }
    }
    x[y] = best;
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

/* due: [rows]: 1 where a row shows a bar, or is next to one that does. */
static void mark_fast(const struct line *line, uint8_t *due)
{
    float least = 2 * line->radius + slack;

    for (int y = MARGIN; y < line->rows - MARGIN; y++) {
        if (isnan(line->x[y]))
            continue;
        for (int k = y - 1; k <= y + 1; k++)
            if (line->hi[k] - line->lo[k] > least)   /* false where there is no ink */
                due[y] = 1;
    }
}

/* Improves the rows whose sweep it is, and has those that see a change looked at in the next. */
static bool sweep_rows(const struct line *line, const struct pen *pen, float *x, uint8_t sweep, uint8_t *due)
{
    bool any = false;

    for (int k = MARGIN; k < line->rows - MARGIN; k++) {
        int y = sweep % 2 ? k : line->rows - 1 - k;

        if (due[y] < sweep || !improve(line, pen, x, y))
            continue;
        any = true;
        for (int j = y - 2 * pen->rows; j <= y + 2 * pen->rows; j++)
            if (due[j])
                due[j] = sweep + 1;
    }
    return any;
}

enum err_code line_sharpen(struct line *line, struct err *e)
{
    size_t n = (size_t)line->rows;
    float *x = malloc(n * sizeof *x);
    uint8_t *due = calloc(n, sizeof *due);   /* the last sweep that a row is looked at in; 0: none */
    enum err_code rc = x && due ? ERR_OK : err_memory(e, "a curve's outline");
    struct pen pen;

    if (rc != ERR_OK)
        goto out;
    make_pen(&pen, fminf(usual_radius, line->radius));
    fill_gaps(line, x);
    mark_fast(line, due);
    for (uint8_t sweep = 1; sweep <= SWEEPS && sweep_rows(line, &pen, x, sweep, due); sweep++)
        ;
    for (int y = 0; y < line->rows; y++)
        if (due[y])
            line->x[y] = x[y];
out:
    free(due);
    free(x);
    return rc;
}

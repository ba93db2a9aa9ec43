/* The centre of a line from the outline of its ink.
 *
 * A curve x(y) drawn with a round pen of radius r covers in row y the columns from
 * min over dy of x(y+dy) - sqrt(r^2-dy^2) to max over dy of x(y+dy) + sqrt(r^2-dy^2), |dy| <= r.
 * Undoing either with the opposite operation gives the curve from its right side, exact but for dents
 * narrower than the pen, and from its left side, exact but for peaks (grey-scale closing and opening:
 * Serra, Image Analysis and Mathematical Morphology, 1982).  On slopes the two agree; at a narrow peak,
 * where the strokes there and back run into one bar, the side on which the bar sticks out is right. */
#include <math.h>
#include <stdlib.h>

#include "base/size.h"
#include "postproc/trace_line.h"

enum { SAMPLES = 4,   /* of dy on each side */
       REACH = 5,     /* rows held above and below: one more than the largest radius */
       HELD = 2 * REACH + 1 };

/* Rows of ink around the one at work: row y at y % HELD. */
struct window {
    const struct evidence *ev;
    const struct line *line;
    int rows, columns, next;   /* next row to read */
    struct evidence_row row[HELD];
    uint8_t *q;                /* [HELD, columns] */
};

/* Row y of the ink in which line_measure has found the line's run. */
static void read_ink(const struct evidence *ev, const struct line *line, int y, uint8_t *q)
{
    if (line->ink[y] != INK_OWN)
        evidence_all(ev, y, q);
    else if (line_swings(line, y, line->hi[y] - line->lo[y]))
        evidence_stroke(ev, y, q);
    else
        evidence_own(ev, y, q);
}

/* Reads rows up to y + REACH. */
static void advance(struct window *w, int y)
{
    for (; w->next < w->rows && w->next <= y + REACH; w->next++) {
        uint8_t *q = w->q + (size_t)(w->next % HELD) * (size_t)w->columns;

        read_ink(w->ev, w->line, w->next, q);
        w->row[w->next % HELD] = evidence_row(w->ev, w->next, q);
    }
}

/* A fractional row: `f` of the way from one row to the one below. */
struct fraction {
    const struct evidence_row *above, *below;
    float f;
};

/* Fractional row y, which is between the first and the last. */
static struct fraction fraction_of(const struct window *w, float y)
{
    int i = (int)floorf(y);

    return (struct fraction){&w->row[i % HELD], i + 1 < w->rows ? &w->row[(i + 1) % HELD] : NULL, y - (float)i};
}

static float between(const struct fraction *at, int x)
{
    if (at->f == 0 || !at->below)
        return evidence_at(at->above, x);
    return evidence_at(at->above, x) * (1 - at->f) + evidence_at(at->below, x) * at->f;
}

/* The end, on side `way`, of the ink at fractional row y that runs through columns first..last: from the
 * inked column of these that is farthest on that side, outward.  NaN if none of them is inked. */
static float ink_end(const struct window *w, float y, int first, int last, int way, float edge)
{
    struct fraction at;
    int x = way > 0 ? last : first, stop = way > 0 ? first - 1 : last + 1;
    float in, out;

    if (y < 0 || y >= (float)w->rows)
        return NAN;
    at = fraction_of(w, y);
    while (x != stop && between(&at, x) < edge)
        x -= way;
    if (x == stop)
        return NAN;
    for (in = between(&at, x); (out = between(&at, x + way)) >= edge; x += way)
        in = out;
    return (float)x + (float)way * (in - edge) / (in - out);
}

/* How far up and down from_side looks, as a share of the pen's radius: the mask draws peaks thinner than the
 * pen, and with all of it they would lose their tips. */
#define LOOK 0.6f

/* The curve at row y seen from side `way`. */
static float from_side(const struct window *w, const struct line *line, int y, int way)
{
    float best = INFINITY, edge = line_edge(line->peak[y]), r = fmaxf(0.8f, line->radius - 0.2f);
    int first = (int)ceilf(line->lo[y]), last = (int)floorf(line->hi[y]);

    for (int k = -SAMPLES; k <= SAMPLES; k++) {
        float dy = LOOK * r * (float)k / SAMPLES, end = ink_end(w, (float)y + dy, first, last, way, edge);

        if (!isnan(end))
            best = fminf(best, (float)way * end - sqrtf(r * r - dy * dy));
    }
    return isinf(best) ? NAN : (float)way * best;
}

/* Whether side[y] is a tip on side `way`: no row around sticks out more, and it falls back by more than
 * `least` columns within a few rows above and below. */
static bool is_tip(const float *side, int rows, int y, int way, float least)
{
    enum { AROUND = 3 };

    for (int up = -1; up <= 1; up += 2) {
        float fall = 0;

        for (int k = 1; k <= AROUND; k++) {
            int j = y + up * k;
            float d;

            if (j < 0 || j >= rows || isnan(side[j]))
                break;
            d = (float)way * (side[y] - side[j]);
            if (k == 1 && (d < 0 || (d == 0 && up > 0)))
                return false;
            fall = fmaxf(fall, d);
        }
        if (fall <= least)
            return false;
    }
    return true;
}

/* distance: [rows]: rows to the nearest tip on side `way`, at most `far`. */
static void tip_distance(const float *side, int rows, int way, uint8_t far, uint8_t *distance)
{
    uint8_t near = far;

    for (int y = 0; y < rows; y++) {
        near = isnan(side[y]) ? far : is_tip(side, rows, y, way, 1.5f) ? 0 : near < far ? near + 1 : far;
        distance[y] = near;
    }
    near = far;
    for (int y = rows - 1; y >= 0; y--) {
        near = distance[y] == 0 ? 0 : near < far ? near + 1 : far;
        if (near < distance[y])
            distance[y] = near;
    }
}

/* Within a pen's radius of a tip the side on which it sticks out is right. */
static enum err_code settle(struct line *line, const float *left, const float *right, struct err *e)
{
    size_t n = (size_t)line->rows;
    uint8_t *to_left = malloc(n), *to_right = malloc(n), far = (uint8_t)(ceilf(line->radius) + 1);
    enum err_code rc = ERR_OK;

    if (!to_left || !to_right) {
        rc = err_memory(e, "a curve's centre");
        goto out;
    }
    tip_distance(left, line->rows, -1, far, to_left);
    tip_distance(right, line->rows, 1, far, to_right);
    for (int y = 0; y < line->rows; y++) {
        if (isnan(line->x[y]) || right[y] <= left[y])
            continue;
        if (to_right[y] < far && to_right[y] < to_left[y])
            line->x[y] = right[y];
        else if (to_left[y] < far && to_left[y] < to_right[y])
            line->x[y] = left[y];
    }
out:
    free(to_right);
    free(to_left);
    return rc;
}

static void centre_row(struct line *line, struct window *w, int y, float *left, float *right)
{
    *left = *right = line->x[y] = NAN;
    if (line->ink[y] == INK_NONE)
        return;
    line->x[y] = *left = *right = line->centre[y];
    if (line->hi[y] - line->lo[y] < 2.6f * line->radius)
        return;
    *right = from_side(w, line, y, 1);
    *left = from_side(w, line, y, -1);
    if (isnan(*right) || isnan(*left))
        *left = *right = line->centre[y];
    else
        line->x[y] = (*left + *right) / 2;
}

enum err_code line_centre(struct line *line, const struct evidence *ev, struct err *e)
{
    struct window w = {.ev = ev, .line = line, .rows = line->rows, .columns = mask_columns(ev->mask)};
    size_t n = (size_t)line->rows;
    float *left = malloc(n * sizeof *left), *right = malloc(n * sizeof *right);
    enum err_code rc = ERR_OK;

    w.q = malloc((size_t)w.columns * HELD);
    if (!left || !right || !w.q) {
        rc = err_memory(e, "a curve's centre");
        goto out;
    }
    for (int y = 0; y < line->rows; y++) {
        advance(&w, y);
        centre_row(line, &w, y, &left[y], &right[y]);
    }
    rc = settle(line, left, right, e);
out:
    free(w.q);
    free(right);
    free(left);
    return rc;
}

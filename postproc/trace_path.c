#include "postproc/trace_path.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"

enum { WINDOW = 5120, LAG = 1024 };   /* rows held, and rows of these that are not yet decided */

/* Costs in nats, weighed so that a curve lost for about 10 rows may be found again anywhere. */
static const float reward_limit = 3, jump_cost = 40, wrap_cost = 10;
static const float travel_ink = 0.005f, travel_paper = 0.45f;

struct viterbi {
    const struct evidence *ev;
    int columns, rows, held;
    float reward[256], travel[256];
    uint8_t *q;         /* [columns] */
    float *score;       /* [columns] */
    float *next;        /* [columns] */
    float *gain, *cost; /* [columns]: reward and travel of the row's q, between rows those of paper */
    uint16_t *from;     /* [held, columns], row y at y % held */
};

int trace_best_of(const float *score, int lo, int hi)
{
    enum { LANES = 8 };   /* maxima at a time, since a single one would wait for itself */
    float most[LANES], best = score[lo];
    int x = lo;

    for (int k = 0; k < LANES; k++)
        most[k] = best;
    for (; x + LANES <= hi + 1; x += LANES)
        for (int k = 0; k < LANES; k++)
            most[k] = score[x + k] > most[k] ? score[x + k] : most[k];
    for (; x <= hi; x++)
        best = score[x] > best ? score[x] : best;
    for (int k = 0; k < LANES; k++)
        best = most[k] > best ? most[k] : best;
    for (x = lo; x < hi && score[x] != best; x++)
        ;
    return x;
}

double trace_edge_zone(double width)
{
    return 4 + 0.02 * width;
}

double trace_edge_distance(const struct trace_track *track, int y, double x)
{
    return fmin(fabs(x - track->left[y]), fabs(x - track->right[y]));
}

int trace_around(const struct trace_track *track, int y, int a, int b)
{
    double left = track->left[y], right = track->right[y], zone = trace_edge_zone(right - left);

    if (a >= right - zone && b <= left + zone)
        return 1;
    return a <= left + zone && b >= right - zone ? -1 : 0;
}

static void cost_tables(struct viterbi *v)
{
    for (int q = 0; q < 256; q++) {
        float logit = (float)(q - MASK_HALF) / MASK_SCALE, paper = 1 - v->ev->probability[q];

        v->reward[q] = fmaxf(-reward_limit, fminf(reward_limit, logit));
        v->travel[q] = 0.5f * (travel_ink + travel_paper * paper * paper);
    }
}

/* Lets the path step to columns lo..hi from column `a` of the row above at the given cost. */
static void offer(struct viterbi *v, uint16_t *from, int lo, int hi, int a, float cost)
{
    float value = v->score[a] - cost;

    for (int x = lo; x <= hi; x++)
        if (value > v->next[x]) {
            v->next[x] = value;
            from[x] = (uint16_t)a;
        }
}

/* The first column from x on in direction `way`, or `last`, that the path reaches at less than the cost of a jump.
 * On paper most columns are not: this passes over them. */
static int reached(const float *next, int x, int last, int way)
{
    enum { LANES = 8 };

    for (; (last - x) * way >= LANES; x += way * LANES) {
        const float *lane = way > 0 ? next + x : next + x - LANES + 1;
        float most = lane[0];

        for (int k = 1; k < LANES; k++)
            most = lane[k] > most ? lane[k] : most;
        if (most > -jump_cost)
            break;
    }
    while (x != last && next[x] <= -jump_cost)
        x += way;
    return x;
}

/* Carries the path sideways from column `first` to `last`, by steps of `way`. */
static void walk(struct viterbi *v, int first, int last, int way, uint16_t *from)
{
    int x = reached(v->next, first, last, way);
    float arrived = v->next[x];
    uint16_t origin = from[x];

    while (x != last) {
        float value = arrived - v->cost[x] - v->cost[x + way];

        x += way;
        if (value > v->next[x]) {
            arrived = v->next[x] = value;
            from[x] = origin;
            continue;
        }
        if (v->next[x] <= -jump_cost)
            x = reached(v->next, x, last, way);
        arrived = v->next[x];
        origin = from[x];
    }
}

/* Straight down or by a jump, which no column costs more than.  Makes the best score 0. */
static void descend(struct viterbi *v, int lo, int hi, uint16_t *from)
{
    int top = trace_best_of(v->score, 0, v->columns - 1);
    float best = v->score[top];

    for (int x = lo; x <= hi; x++)
        v->score[x] -= best;
    for (int x = lo; x <= hi; x++)
        v->next[x] = v->score[x] > -jump_cost ? v->score[x] : -jump_cost;
    for (int x = lo; x <= hi; x++)
        from[x] = v->score[x] < -jump_cost ? (uint16_t)top : (uint16_t)x;
    v->score[top] = 0;
}

/* Best arrival at each column of row y before its own reward: straight down, by a jump, around the track's
 * edges, and then sideways along the row's ink. */
static void transition(struct viterbi *v, int y, int lo, int hi, uint16_t *from)
{
    double left = v->ev->track->left[y], right = v->ev->track->right[y], zone = trace_edge_zone(right - left);
    int in_left = (int)fmin(hi, left + zone), in_right = (int)fmax(lo, right - zone);

    descend(v, lo, hi, from);
    if (in_left >= lo && in_left < in_right && in_right <= hi) {   /* both edges are in the mask */
        offer(v, from, lo, in_left, trace_best_of(v->score, in_right, hi), wrap_cost);
        offer(v, from, in_right, hi, trace_best_of(v->score, lo, in_left), wrap_cost);
    }
    walk(v, lo, hi, 1, from);
    walk(v, hi, lo, -1, from);
}

/* Sets what the row's ink is worth and costs; `paper` sets it back, since most of a row is paper. */
static void look_up(struct viterbi *v, int lo, int hi, bool paper)
{
    for (int x = mask_next(v->q, lo, hi + 1); x <= hi; x = mask_next(v->q, x + 1, hi + 1)) {
        uint8_t q = paper ? 0 : v->q[x];

        v->gain[x] = v->reward[q];
        v->cost[x] = v->travel[q];
    }
}

static void step(struct viterbi *v, int y)
{
    uint16_t *from = v->from + (size_t)(y % v->held) * (size_t)v->columns;
    float *swap = v->score;
    int lo, hi;

    evidence_all(v->ev, y, v->q);
    evidence_bounds(v->ev, y, &lo, &hi);
    if (lo > hi) {   /* a track without width: stay */
        for (int x = 0; x < v->columns; x++)
            from[x] = (uint16_t)x;
        return;
    }
    for (int x = 0; x < lo; x++)
        v->next[x] = -FLT_MAX / 4;
    for (int x = hi + 1; x < v->columns; x++)
        v->next[x] = -FLT_MAX / 4;
    look_up(v, lo, hi, false);
    transition(v, y, lo, hi, from);
    for (int x = lo; x <= hi; x++)
        v->next[x] += v->gain[x];
    look_up(v, lo, hi, true);
    v->score = v->next;
    v->next = swap;
}

/* Writes the path of rows first..last from where it is best at row `last`, keeping those before `until`. */
static void backtrack(const struct viterbi *v, int first, int last, int until, int *path)
{
    int x = trace_best_of(v->score, 0, v->columns - 1);

    for (int y = last; y >= first; y--) {
        if (y < until)
            path[y] = x;
        x = v->from[(size_t)(y % v->held) * (size_t)v->columns + (size_t)x];
    }
}

enum err_code trace_path(const struct evidence *ev, int *path, const struct job *job, struct err *e)
{
    struct viterbi v = {.ev = ev, .columns = mask_columns(ev->mask), .rows = mask_rows(ev->mask)};
    size_t columns = (size_t)v.columns, cells;
    int decided = 0;
    enum err_code rc = ERR_OK;

    v.held = v.rows < WINDOW ? v.rows : WINDOW;
    v.q = malloc(columns);
    v.score = calloc(columns, sizeof *v.score);
    v.next = malloc(columns * sizeof *v.next);
    v.gain = malloc(columns * sizeof *v.gain);
    v.cost = malloc(columns * sizeof *v.cost);
    if (size_mul((size_t)v.held, columns, &cells))
        v.from = malloc(cells * sizeof *v.from);
    if (!v.q || !v.score || !v.next || !v.gain || !v.cost || !v.from) {
        rc = err_memory(e, "tracing a curve");
        goto out;
    }
    cost_tables(&v);
    for (int x = 0; x < v.columns; x++) {
        v.gain[x] = v.reward[0];
        v.cost[x] = v.travel[0];
    }
    for (int y = 0; y < v.rows; y++) {
        step(&v, y);
        if (y % 256 == 0 && (rc = job_check(job, e)) != ERR_OK)
            goto out;
        if (y + 1 - decided == v.held && y + 1 < v.rows) {
            backtrack(&v, decided, y, y + 1 - LAG, path);
            decided = y + 1 - LAG;
        }
    }
    backtrack(&v, decided, v.rows - 1, v.rows, path);
out:
    free(v.from);
    free(v.cost);
    free(v.gain);
    free(v.next);
    free(v.score);
    free(v.q);
    return rc;
}

#include "postproc/trace_lane.h"

#include <math.h>
#include <stdlib.h>

#include "base/sort.h"
#include "postproc/trace_votes.h"

enum { LEAST_ROWS = 100 };   /* that tell where the lanes are */

static const float narrow = 0.3f,    /* of the distance between the lanes: what half of a lane's rows may spread over */
                   per_row = 0.5f;   /* nats; as in trace_pairs.c */

/* The lines' places in the rows that have both, apart. */
struct lanes {
    float *left, *right, *distance;   /* [n], columns */
    size_t n;
};

static bool both_sure(const struct line *a, const struct line *b, int y)
{
    return a->ink[y] == INK_OWN && b->ink[y] == INK_OWN && !isnan(a->x[y]) && !isnan(b->x[y]) &&
           !lines_touch(a, b, y);
}

/* Where half of the rows or more lie close together, the middle one; else false. */
static bool middle(float *of, size_t n, float limit, float *at)
{
    *at = sort_median(of, n);
    return of[3 * n / 4] - of[n / 4] < limit;
}

/* The lanes' middles and the distance between them, from the places of rows that have both; false if they are no
 * lanes. */
static bool find_lanes(const struct lanes *lanes, float *left, float *right, float *distance)
{
    if (lanes->n < LEAST_ROWS)
        return false;
    *distance = sort_median(lanes->distance, lanes->n);
    return middle(lanes->left, lanes->n, narrow * *distance, left) &&
           middle(lanes->right, lanes->n, narrow * *distance, right);
}

/* 1 if a is in the right lane and b in the left one, -1 the other way, 0 where they are not both in a lane. */
static float vote(float a, float b, float left, float right, float reach)
{
    if (fabsf(fminf(a, b) - left) > reach || fabsf(fmaxf(a, b) - right) > reach)
        return 0;
    return a > b ? 1 : -1;
}

enum err_code lane_gain(const struct line *a, const struct line *b, const struct trace_track *track, float *gain,
                        struct err *e)
{
    size_t rows = (size_t)a->rows;
    float *scratch = malloc(3 * rows * sizeof *scratch), left, right, distance;
    struct lanes lanes = {0};

    if (!scratch)
        return err_memory(e, "telling curves apart");
    lanes.left = scratch;
    lanes.right = scratch + rows;
    lanes.distance = scratch + 2 * rows;
    for (int y = 0; y < a->rows; y++) {
        if (!both_sure(a, b, y))
            continue;
        lanes.left[lanes.n] = fminf(a->x[y], b->x[y]) - (float)track->left[y];
        lanes.right[lanes.n] = fmaxf(a->x[y], b->x[y]) - (float)track->left[y];
        lanes.distance[lanes.n++] = fabsf(a->x[y] - b->x[y]);
    }
    if (find_lanes(&lanes, &left, &right, &distance)) {
        float *votes = scratch;   /* the places are not needed any more */

        for (int y = 0; y < a->rows; y++) {
            float edge = (float)track->left[y];

            votes[y] = both_sure(a, b, y) ? vote(a->x[y] - edge, b->x[y] - edge, left, right, distance / 2) : 0;
        }
        votes_add(votes, a->rows, per_row, gain);
    }
    free(scratch);
    return ERR_OK;
}

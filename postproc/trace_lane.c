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

/* Width of the middle half of the rows. */
static float spread(float *of, size_t n)
{
    sort_floats(of, n);
    return of[3 * n / 4] - of[n / 4];
}

static bool kept(struct lanes *lanes)
{
    float limit;

    if (lanes->n < LEAST_ROWS)
        return false;
    limit = narrow * sort_median(lanes->distance, lanes->n);
    return spread(lanes->left, lanes->n) < limit && spread(lanes->right, lanes->n) < limit;
}

enum err_code lane_gain(const struct line *a, const struct line *b, const struct trace_track *track, float *gain,
                        struct err *e)
{
    size_t rows = (size_t)a->rows;
    float *scratch = malloc(3 * rows * sizeof *scratch), *votes = calloc(rows, sizeof *votes);
    struct lanes lanes = {.left = scratch, .right = scratch + rows, .distance = scratch + 2 * rows};

    if (!scratch || !votes) {
        free(scratch);
        free(votes);
        return err_memory(e, "telling curves apart");
    }
    for (int y = 0; y < a->rows; y++) {
        if (!both_sure(a, b, y))
            continue;
        lanes.left[lanes.n] = fminf(a->x[y], b->x[y]) - (float)track->left[y];
        lanes.right[lanes.n] = fmaxf(a->x[y], b->x[y]) - (float)track->left[y];
        lanes.distance[lanes.n++] = fabsf(a->x[y] - b->x[y]);
        votes[y] = a->x[y] > b->x[y] ? 1 : -1;
    }
    if (kept(&lanes))
        votes_add(votes, a->rows, per_row, gain);
    free(scratch);
    free(votes);
    return ERR_OK;
}

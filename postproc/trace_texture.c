#include "postproc/trace_texture.h"

#include <math.h>
#include <stdlib.h>

#include "postproc/trace_votes.h"

enum {
    BEND_ROWS = 3,     /* on both sides of a row, over which the line's bend there is read */
    BESIDE = 4,        /* rows at a meeting that are read for neither line */
    LEAST_ROWS = 12    /* that a stretch must have to be judged */
};

static const float floor_columns = 0.15f,   /* what the mask of a smooth curve wavers by */
                   least = 0.4f,            /* log ratio from which two curves are not alike */
                   weak = 1 / 3.0f,         /* of the usual ratio: a stretch below it does not tell them apart */
                   weak_share = 0.2f,       /* of the rows that may be in such stretches */
                   per_row = 0.5f;          /* nats; as in trace_pairs.c */

/* Rows first..end-1, in which two lines do not meet. */
struct stretch {
    int first, end;
    float ratio;   /* log of how much more restless a is than b */
};

struct stretches {
    struct stretch *of;
    size_t n;
    int rows;
};

/* How far row y of the line lies off the middle of those BEND_ROWS above and below; NaN where that is not known. */
static float bend(const struct line *line, int y)
{
    int above = y - BEND_ROWS, below = y + BEND_ROWS;

    if (above < 0 || below >= line->rows)
        return NAN;
    return fabsf(line->x[y] - (line->x[above] + line->x[below]) / 2);
}

static bool judge(const struct line *a, const struct line *b, struct stretch *s)
{
    double of_a = 0, of_b = 0;
    int n = 0;

    for (int y = s->first + BESIDE; y < s->end - BESIDE; y++) {
        float bend_a = bend(a, y), bend_b = bend(b, y);

        if (isnan(bend_a) || isnan(bend_b) || a->ink[y] != INK_OWN || b->ink[y] != INK_OWN)
            continue;
        of_a += fminf(LINE_LEAP, bend_a);
        of_b += fminf(LINE_LEAP, bend_b);
        n++;
    }
    if (n < LEAST_ROWS)
        return false;
    s->ratio = logf((float)((floor_columns + of_a / n) / (floor_columns + of_b / n)));
    return true;
}

/* Whether the line leaps in one of the rows around y. */
static bool leaps_near(const struct line *line, int y)
{
    for (int k = y > LINE_JUMP ? y - LINE_JUMP : 1; k <= y + LINE_JUMP && k < line->rows; k++)
        if (line_leaps(line, line, k))
            return true;
    return false;
}

/* Whether the lines touch in row y, or leap so that they may have changed places. */
static bool meet(const struct line *a, const struct line *b, int y)
{
    return lines_touch(a, b, y) || (y > 0 && ((line_leaps(a, a, y) && leaps_near(b, y)) ||
                                              (line_leaps(b, b, y) && leaps_near(a, y))));
}

/* Fills all: those between the lines' meetings that can be judged. */
static void find_stretches(const struct line *a, const struct line *b, struct stretches *all)
{
    for (int y = 0; y < a->rows;) {
        struct stretch s = {.first = y};

        while (y < a->rows && !meet(a, b, y))
            y++;
        s.end = y;
        if (judge(a, b, &s)) {
            all->of[all->n++] = s;
            all->rows += s.end - s.first;
        }
        while (y < a->rows && meet(a, b, y))
            y++;
    }
}

static int by_ratio(const void *p, const void *q)
{
    float a = fabsf(((const struct stretch *)p)->ratio), b = fabsf(((const struct stretch *)q)->ratio);

    return (a > b) - (a < b);
}

/* The ratio of the median row; 0 where that is little, or too many rows have hardly any.  Sorts all. */
static float usual_ratio(struct stretches *all)
{
    float usual = 0;
    int rows = 0, weak_rows = 0;

    qsort(all->of, all->n, sizeof *all->of, by_ratio);
    for (size_t i = 0; i < all->n && 2 * rows < all->rows; i++) {
        rows += all->of[i].end - all->of[i].first;
        usual = fabsf(all->of[i].ratio);
    }
    for (size_t i = 0; i < all->n && fabsf(all->of[i].ratio) < weak * usual; i++)
        weak_rows += all->of[i].end - all->of[i].first;
    return usual >= least && (float)weak_rows <= weak_share * (float)all->rows ? usual : 0;
}

enum err_code texture_gain(const struct line *a, const struct line *b, float *gain, struct err *e)
{
    struct stretches all = {.of = malloc(((size_t)a->rows / LEAST_ROWS + 1) * sizeof *all.of)};
    float *votes = calloc((size_t)a->rows, sizeof *votes), usual;
    enum err_code rc = all.of && votes ? ERR_OK : err_memory(e, "telling curves apart");

    if (rc != ERR_OK)
        goto out;
    find_stretches(a, b, &all);
    usual = all.n >= 2 ? usual_ratio(&all) : 0;
    if (usual == 0)
        goto out;
    for (size_t i = 0; i < all.n; i++)
        for (int y = all.of[i].first; y < all.of[i].end; y++)
            votes[y] = fmaxf(-1, fminf(1, all.of[i].ratio / usual));
    votes_add(votes, a->rows, per_row, gain);
out:
    free(votes);
    free(all.of);
    return rc;
}

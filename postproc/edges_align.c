#include "postproc/edges_align.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "base/sort.h"

enum { REACH_NEAR = 2, REACH_FAR = 24, MAX_STATES = 801 };
/* Working storage of one alignment. */
struct work {
    float *t;        /* [columns]: running or page template */
    int *at;         /* [columns]: columns of the page's lines */
    int n_at;
    float *unary;    /* [n, states]: agreement at each shift */
    uint16_t *from;  /* [n, states] */
    int lo, states;  /* shifts lo .. lo + states - 1 */
};

double align_sample(const struct bands *bands, int b, double x)
{
    const int8_t *line = bands->line + (size_t)b * (size_t)bands->columns;
    int i = (int)floor(x);
    double f = x - i;

    if (i < 0 || i + 1 >= bands->columns)
        return 0;
    return (line[i] + f * (line[i + 1] - line[i])) / BAND_FULL;
}

/* Correlation of the template with band b moved by s, -1..1. */
static float agree(const struct alignment *a, const float *t, int b, int s)
{
    const int8_t *line = a->bands->line + (size_t)b * (size_t)a->bands->columns;
    int lo = a->x0, hi = a->x1;
    float tt = 0, td = 0, dd = 0;

    if (lo + s < 0)
        lo = -s;
    if (hi + s > a->bands->columns)
        hi = a->bands->columns - s;
    for (int x = lo; x < hi; x++) {
        float d = line[x + s];

        tt += t[x] * t[x];
        td += t[x] * d;
        dd += d * d;
    }
    return tt > 0 && dd > 0 ? td / sqrtf(tt * dd) : 0;
}

/* The shift near `s` at which band b agrees best; far away only when that is much better. */
static int best_shift(const struct alignment *a, const float *t, int b, int s, float *agreement)
{
    int best = s;
    float most = -FLT_MAX, far_most = -FLT_MAX;

    for (int d = -REACH_NEAR; d <= REACH_NEAR; d++) {
        float c = agree(a, t, b, s + d) - 0.01f * (float)abs(d);

        if (c > most) {
            most = c;
            best = s + d;
        }
    }
    *agreement = most;
    if (most > 0.3f)
        return best;
    for (int d = -REACH_FAR; d <= REACH_FAR; d++) {
        float c = agree(a, t, b, s + d);

        if (c > far_most && c > 0.5f && c > most + 0.25f) {
            far_most = c;
            best = s + d;
            *agreement = c;
        }
    }
    return *agreement > 0.15f ? best : s;
}

/* First pass: each band against the mean of those before it. */
static void follow(struct alignment *a, float *t)
{
    const int memory = 60;
    int s = 0, seen = 0;

    memset(t, 0, (size_t)a->bands->columns * sizeof *t);
    for (int b = 0; b < a->bands->n; b++) {
        float agreement = 0, rate;

        if (seen)
            s = best_shift(a, t, b, s, &agreement);
        a->shift[b] = s;
        if (seen && agreement < 0.15f && seen > 8)
            continue;
        seen++;
        rate = 1.0f / (float)(seen < memory ? seen : memory);
        for (int x = a->x0; x < a->x1; x++)
            t[x] += rate * ((float)align_sample(a->bands, b, x + s) - t[x]);
    }
}

/* The mean response from which a column is a line of the page: well over that of most columns, which
 * hold none.  A grid broken by thresholding to a few dots responds weakly but on clean paper.
 * t: [columns], scratch. */
static float line_level(const struct alignment *a, float *t)
{
    size_t n = (size_t)(a->x1 - a->x0);
    float level;

    for (size_t i = 0; i < n; i++)
        t[i] = fabsf(a->page[(size_t)a->x0 + i]);
    level = 6 * sort_median(t, n);
    return level < 0.04f ? 0.04f : level > 0.12f ? 0.12f : level;
}

/* The page's mean line response, each band moved back by its shift. */
static void average(struct alignment *a, struct work *w)
{
    memset(a->page, 0, (size_t)a->bands->columns * sizeof *a->page);
    for (int b = 0; b < a->bands->n; b++)
        for (int x = a->x0; x < a->x1; x++)
            a->page[x] += (float)align_sample(a->bands, b, x + a->shift[b]);
    for (int x = a->x0; x < a->x1; x++)
        a->page[x] /= (float)a->bands->n;
    a->line_level = line_level(a, w->t);
    w->n_at = 0;
    for (int x = a->x0; x < a->x1; x++)
        if (a->page[x] >= a->line_level)
            w->at[w->n_at++] = x;
}

/* How well each band agrees with the page's lines at each shift, 1 for a band like the page. */
static void compare(const struct alignment *a, struct work *w)
{
    float tt = 0;

    for (int i = 0; i < w->n_at; i++)
        tt += a->page[w->at[i]] * a->page[w->at[i]];
    for (int b = 0; b < a->bands->n; b++) {
        const int8_t *line = a->bands->line + (size_t)b * (size_t)a->bands->columns;
        float *unary = w->unary + (size_t)b * (size_t)w->states;

        for (int k = 0; k < w->states; k++) {
            float sum = 0;

            for (int i = 0; i < w->n_at; i++) {
                int x = w->at[i] + w->lo + k;

                if (x >= 0 && x < a->bands->columns)
                    sum += a->page[w->at[i]] * (float)line[x];
            }
            unary[k] = tt > 0 ? sum / (BAND_FULL * tt) : 0;
        }
    }
}

/* Second pass: the smoothest path of shifts that agrees best (Viterbi; moves cost by distance, with a
 * ceiling so that a splice can be followed). */
static void best_path(const struct alignment *a, struct work *w)
{
    const float per_column = 0.15f, ceiling = 3.0f;
    float score[MAX_STATES] = {0}, next[MAX_STATES];
    int n = a->bands->n, k;

    for (int b = 0; b < n; b++) {
        uint16_t *from = w->from + (size_t)b * (size_t)w->states;
        int top = 0;

        for (k = 1; k < w->states; k++)
            if (score[k] > score[top])
                top = k;
        for (k = 0; k < w->states; k++) {
            next[k] = score[k];
            from[k] = (uint16_t)k;
            if (score[top] - ceiling > next[k]) {
                next[k] = score[top] - ceiling;
                from[k] = (uint16_t)top;
            }
        }
        for (k = 1; k < w->states; k++)
            if (next[k - 1] - per_column > next[k]) {
                next[k] = next[k - 1] - per_column;
                from[k] = from[k - 1];
            }
        for (k = w->states - 2; k >= 0; k--)
            if (next[k + 1] - per_column > next[k]) {
                next[k] = next[k + 1] - per_column;
                from[k] = from[k + 1];
            }
        for (k = 0; k < w->states; k++)
            score[k] = next[k] + w->unary[(size_t)b * (size_t)w->states + (size_t)k];
    }
    k = 0;
    for (int i = 1; i < w->states; i++)
        if (score[i] > score[k])
            k = i;
    for (int b = n - 1; b >= 0; b--) {
        a->shift[b] = w->lo + k;
        k = w->from[(size_t)b * (size_t)w->states + (size_t)k];
    }
}

/* To a fraction of a column: the peak of the agreement summed over neighbouring bands along the path. */
static void refine(struct alignment *a, const struct work *w, float *fraction)
{
    enum { AROUND = 3 };
    int n = a->bands->n;

    for (int b = 0; b < n; b++) {
        double sum[3] = {0}, bend;
        int near = 0;

        for (int j = b - AROUND; j <= b + AROUND; j++) {
            int k;

            if (j < 0 || j >= n || fabs(a->shift[j] - a->shift[b]) > AROUND + 1)
                continue;
            k = (int)a->shift[j] - w->lo;
            if (k < 1 || k + 1 >= w->states)
                continue;
            near++;
            for (int d = -1; d <= 1; d++)
                sum[d + 1] += w->unary[(size_t)j * (size_t)w->states + (size_t)(k + d)];
        }
        bend = 2 * sum[1] - sum[0] - sum[2];
        fraction[b] = bend > 0 ? (float)fmax(-0.5, fmin(0.5, (sum[2] - sum[0]) / (2 * bend))) : 0;
        a->support[b] = near ? (float)(sum[1] / near) : 0;
    }
    for (int b = 0; b < n; b++)
        a->shift[b] += fraction[b];
}

/* Irons out what is left of the whole-column steps, but not a splice. */
static void smooth(struct alignment *a, double *copy)
{
    int n = a->bands->n;

    memcpy(copy, a->shift, (size_t)n * sizeof *copy);
    for (int b = 0; b < n; b++) {
        double sum = 0, weight = 0;

        for (int j = b - 2; j <= b + 2; j++) {
            double v = 3 - abs(j - b);

            if (j < 0 || j >= n || fabs(copy[j] - copy[b]) > 3)
                continue;
            sum += v * copy[j];
            weight += v;
        }
        a->shift[b] = sum / weight;
    }
}

static enum err_code open_work(struct work *w, const struct alignment *a, struct err *e)
{
    double lo = 0, hi = 0;
    size_t n;

    for (int b = 0; b < a->bands->n; b++) {
        lo = fmin(lo, a->shift[b]);
        hi = fmax(hi, a->shift[b]);
    }
    w->lo = (int)lo - 8;
    w->states = (int)hi + 8 - w->lo + 1;
    if (w->states > MAX_STATES) {
        w->lo = -MAX_STATES / 2;
        w->states = MAX_STATES;
    }
    if (size_mul((size_t)a->bands->n, (size_t)w->states, &n)) {
        w->unary = malloc(n * sizeof *w->unary);
        w->from = malloc(n * sizeof *w->from);
    }
    return w->unary && w->from ? ERR_OK : err_memory(e, "following the grid");
}

enum err_code align_bands(struct alignment *a, struct err *e)
{
    size_t columns = (size_t)a->bands->columns, n = (size_t)a->bands->n;
    struct work w = {.t = malloc(columns * sizeof *w.t), .at = malloc(columns * sizeof *w.at)};
    float *fraction = malloc(n * sizeof *fraction);
    double *copy = malloc(n * sizeof *copy);
    enum err_code rc = ERR_OK;

    if (!w.t || !w.at || !fraction || !copy) {
        rc = err_memory(e, "following the grid");
        goto out;
    }
    follow(a, w.t);
    rc = open_work(&w, a, e);
    for (int pass = 0; rc == ERR_OK && pass < 2; pass++) {
        average(a, &w);
        compare(a, &w);
        best_path(a, &w);
        refine(a, &w, fraction);
    }
    if (rc == ERR_OK) {
        smooth(a, copy);
        average(a, &w);
    }
out:
    free(copy);
    free(fraction);
    free(w.from);
    free(w.unary);
    free(w.at);
    free(w.t);
    return rc;
}

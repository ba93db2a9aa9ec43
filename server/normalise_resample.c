#include "server/normalise_resample.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"

/* Weights are fractions of ONE; a vertical sum keeps SUM_BITS of the fraction, so that the horizontal one
 * (255 << SUM_BITS times ONE, a quarter more where cubic weights overshoot) stays within 32 bits. */
enum { ONE_BITS = 14, ONE = 1 << ONE_BITS, SUM_BITS = 7 };

static double catmull_rom(double t)
{
    t = fabs(t);
    if (t < 1)
        return (1.5 * t - 2.5) * t * t + 1;
    return t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
}

/* Overlap of source pixel i with the result pixel that covers [from, to). */
static double overlap(int i, double from, double to)
{
    double a = i > from ? i : from, b = i + 1 < to ? i + 1 : to;
    return b > a ? b - a : 0;
}

/* Weights of result pixel i when n_in pixels become n_out; returns their number, *first the first's source
 * pixel.  They sum to ONE. */
static int make_weights(int n_in, int n_out, int i, int *first, int32_t weights[RESAMPLE_MAX_TAPS])
{
    double step = (double)n_in / n_out, real[RESAMPLE_MAX_TAPS] = { 0 }, total = 0;
    int n = 0, largest = 0, sum = 0;
    if (n_in == n_out) {
        *first = i;
        weights[0] = ONE;
        return 1;
    }
    if (n_in > n_out) {
        double from = i * step, to = (i + 1) * step;
        *first = (int)from;
        for (int x = *first; x < n_in && x < to && n < RESAMPLE_MAX_TAPS; x++)
            real[n++] = overlap(x, from, to);
    } else {
        double centre = (i + 0.5) * step - 0.5;
        int left = (int)floor(centre) - 1, right = left + 3;
        *first = left < 0 ? 0 : left;
        int last = right >= n_in ? n_in - 1 : right;
        n = last - *first + 1;
        for (int x = left; x <= right; x++) {
            int inside = x < *first ? *first : x > last ? last : x;
            real[inside - *first] += catmull_rom(x - centre);
        }
    }
    for (int k = 0; k < n; k++)
        total += real[k];
    for (int k = 0; k < n; k++) {
        sum += weights[k] = (int32_t)lrint(real[k] / total * ONE);
        if (weights[k] > weights[largest])
            largest = k;
    }
    weights[largest] += ONE - sum;
    return n;
}

/* Horizontal weights, all columns with the same number of taps. */
static void fill_columns(struct resample *r)
{
    for (int x = 0; x < r->columns; x++) {
        int32_t weights[RESAMPLE_MAX_TAPS], first = 0;
        int n = make_weights(r->in_columns, r->columns, x, &first, weights);
        int shift = first + r->taps > r->in_columns ? first + r->taps - r->in_columns : 0;
        r->first[x] = first - shift;
        int32_t *out = r->weights + (size_t)x * (size_t)r->taps;
        memset(out, 0, (size_t)r->taps * sizeof *out);
        for (int k = 0; k < n; k++)
            out[k + shift] = weights[k];
    }
}

static int count_taps(int n_in, int n_out)
{
    int taps = n_in == n_out ? 1 : n_in > n_out ? (n_in + n_out - 1) / n_out + 1 : 4;
    return taps < n_in ? taps : n_in;
}

static bool copies(const struct resample *r)
{
    return r->in_columns == r->columns && r->in_rows == r->rows;
}

enum err_code resample_init(struct resample *resample, int in_columns, int in_rows, int columns, int rows,
                            resample_source source, void *ctx, struct err *e)
{
    *resample = (struct resample){ .in_columns = in_columns, .in_rows = in_rows, .columns = columns, .rows = rows,
                                   .source = source, .ctx = ctx, .taps = count_taps(in_columns, columns) };
    if (resample->taps > RESAMPLE_MAX_TAPS || count_taps(in_rows, rows) > RESAMPLE_MAX_TAPS)
        return err_set(e, ERR_INTERNAL, "%d by %d pixels cannot become %d by %d at once.", in_columns, in_rows, columns, rows);
    if (copies(resample))
        return ERR_OK;
    size_t n_weights;
    if (size_mul((size_t)columns, (size_t)resample->taps, &n_weights)) {
        resample->first = calloc((size_t)columns, sizeof *resample->first);
        resample->weights = calloc(n_weights, sizeof *resample->weights);
        resample->ring = calloc(RESAMPLE_MAX_TAPS, (size_t)in_columns);
        resample->sum = calloc((size_t)in_columns, sizeof *resample->sum);
    }
    if (!resample->first || !resample->weights || !resample->ring || !resample->sum) {
        resample_clear(resample);
        return err_memory(e, "resampling the scan");
    }
    fill_columns(resample);
    return ERR_OK;
}

void resample_clear(struct resample *resample)
{
    free(resample->first);
    free(resample->weights);
    free(resample->ring);
    free(resample->sum);
    *resample = (struct resample){ 0 };
}

void resample_rewind(struct resample *resample)
{
    resample->next = resample->fetched = 0;
}

static const uint8_t *ring_row(const struct resample *r, int y)
{
    return r->ring + (size_t)(y % RESAMPLE_MAX_TAPS) * (size_t)r->in_columns;
}

static void add_rows(struct resample *r, int first, int n, const int32_t *weights)
{
    int32_t *restrict sum = r->sum;
    const int half = 1 << (ONE_BITS - SUM_BITS - 1);
    for (int x = 0; x < r->in_columns; x++)
        sum[x] = half;
    for (int k = 0; k < n; k++) {
        const uint8_t *restrict row = ring_row(r, first + k);
        int32_t weight = weights[k];
        for (int x = 0; x < r->in_columns; x++)
            sum[x] += weight * row[x];
    }
    for (int x = 0; x < r->in_columns; x++)
        sum[x] >>= ONE_BITS - SUM_BITS;
}

static void add_columns(const struct resample *r, uint8_t *restrict ink)
{
    const int shift = ONE_BITS + SUM_BITS;
    for (int x = 0; x < r->columns; x++) {
        const int32_t *sum = r->sum + r->first[x], *weights = r->weights + (size_t)x * (size_t)r->taps;
        int32_t v = 1 << (shift - 1);
        for (int k = 0; k < r->taps; k++)
            v += weights[k] * sum[k];
        v >>= shift;
        ink[x] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}

enum err_code resample_next(struct resample *resample, uint8_t *ink, struct err *e)
{
    struct resample *r = resample;
    if (copies(r))
        return r->source(r->ctx, r->next++, ink, e);
    int32_t weights[RESAMPLE_MAX_TAPS], first = 0;
    int n = make_weights(r->in_rows, r->rows, r->next, &first, weights);
    for (; r->fetched < first + n; r->fetched++) {
        enum err_code rc = r->source(r->ctx, r->fetched, (uint8_t *)ring_row(r, r->fetched), e);
        if (rc != ERR_OK)
            return rc;
    }
    add_rows(r, first, n, weights);
    add_columns(r, ink);
    r->next++;
    return ERR_OK;
}

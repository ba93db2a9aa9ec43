#include "postproc/trace_shade.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Levels of 255: two colours of a plot may differ by no more, and the same pen's ink by more; but that is not steady. */
static const float least_apart = 8, least_steady = 3;
static const float per_row = 2;   /* nats; as in trace_pairs.c */

enum { BLOCK = 15, LEAST_BLOCKS = 6 };   /* rows that are judged together, and how many such blocks are enough */

/* The darkest of ink: [columns] where the line is in row y. */
static uint8_t darkest(const struct line *line, int y, const uint8_t *ink, int columns)
{
    int lo = line->claim[y].lo, hi = line->claim[y].hi;
    uint8_t most = 0;

    for (int x = lo < 0 ? 0 : lo; x <= hi && x < columns; x++)
        most = ink[x] > most ? ink[x] : most;
    return most;
}

enum err_code shade_read(struct line *lines, size_t n, const struct trace_track *track, int columns, const struct job *job,
                          struct err *e)
{
    uint8_t *ink = malloc((size_t)columns);
    enum err_code rc = ERR_OK;

    if (!ink)
        return err_memory(e, "telling curves apart");
    for (int y = 0; y < lines[0].rows && rc == ERR_OK; y++) {
        if (y % 512 == 0 && (rc = job_check(job, e)) != ERR_OK)
            break;
        rc = track->shade(track->shade_ctx, y, ink, e);
        for (size_t i = 0; i < n && rc == ERR_OK; i++)
            lines[i].shade[y] = lines[i].ink[y] == INK_OWN ? darkest(&lines[i], y, ink, columns) : 0;
    }
    free(ink);
    return rc;
}

/* How much darker a is than b in row y; NaN where they touch or that is not known. */
static float darker(const struct line *a, const struct line *b, int y)
{
    bool apart = a->claim[y].hi < b->claim[y].lo || b->claim[y].hi < a->claim[y].lo;

    return apart && a->shade[y] && b->shade[y] ? (float)(a->shade[y] - b->shade[y]) : NAN;
}

static int compare_float(const void *p, const void *q)
{
    float a = *(const float *)p, b = *(const float *)q;

    return (a > b) - (a < b);
}

static float median(float *of, size_t n)
{
    qsort(of, n, sizeof *of, compare_float);
    return of[n / 2];
}

/* How far the two are apart, from blocks of rows; 0 if they are not, or not steadily.  scratch: [2, rows]. */
static float separation(const float *difference, int rows, float *scratch)
{
    float *apart = scratch, *noise = scratch + rows, block[BLOCK], sorted[BLOCK], sep, level;
    size_t blocks = 0, n = 0;
    int held = 0;

    for (int y = 0; y < rows; y++) {
        if (isnan(difference[y]))
            continue;
        block[held++] = difference[y];
        if (held < BLOCK)
            continue;
        memcpy(sorted, block, sizeof sorted);
        level = median(sorted, BLOCK);
        apart[blocks++] = fabsf(level);
        for (held = 0; held < BLOCK; held++)
            noise[n++] = fabsf(block[held] - level);
        held = 0;
    }
    if (blocks < LEAST_BLOCKS)
        return 0;
    sep = median(apart, blocks);
    return sep >= least_apart && sep >= least_steady * median(noise, n) ? sep : 0;
}

enum err_code shade_gain(const struct line *a, const struct line *b, float *gain, struct err *e)
{
    size_t n = (size_t)a->rows;
    float *difference = malloc(n * sizeof *difference), *scratch = malloc(2 * n * sizeof *scratch), sep;
    enum err_code rc = ERR_OK;

    if (!difference || !scratch) {
        rc = err_memory(e, "telling curves apart");
        goto out;
    }
    for (int y = 0; y < a->rows; y++)
        difference[y] = darker(a, b, y);
    sep = separation(difference, a->rows, scratch);
    for (int y = 0; sep > 0 && y < a->rows; y++)
        if (!isnan(difference[y]))
            gain[y] -= per_row * fmaxf(-1, fminf(1, difference[y] / sep));
out:
    free(scratch);
    free(difference);
    return rc;
}

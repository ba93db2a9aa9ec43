/* The scan's own ink where a line swings fast.
 *
 * The network draws every line some 4 columns thick.  A pen is often half as thick, and of swings a few rows apart only
 * its ink tells which columns each row has passed through. */
#ifndef POSTPROC_TRACE_BARS_H
#define POSTPROC_TRACE_BARS_H

#include <stddef.h>

#include "base/err.h"
#include "base/job.h"
#include "postproc/trace.h"

struct line;

/* What was read of one row: columns first..first+n-1; n is 0 where nothing was. */
struct bar {
    int first, n;
    size_t at;
};

struct bars {
    struct bar *row;   /* [rows], NULL if nothing was read */
    float *sum;        /* from a bar's `at` on n + 1 sums: the ink, of 0..1 a column, before each of its columns */
};

/* Reads the ink around the fast rows (line_fast) of lines[n], from a track that gives shades: `columns` a row. */
enum err_code bars_read(struct line *const *lines, size_t n, const struct trace_track *track, int columns,
                        const struct job *job, struct err *e);

void bars_free(struct bars *bars);

/* How many columns of ink a bar that was read has before x, where column i reaches from i - 0.5 to i + 0.5; beyond what
 * was read there is none.  Does not fall as x rises. */
static inline float bars_before(const struct bars *bars, const struct bar *bar, float x)
{
    const float *sum = bars->sum + bar->at;
    float in = x + 0.5f - (float)bar->first;
    int i = (int)in;

    if (in <= 0)
        return 0;
    if (i >= bar->n)
        return sum[bar->n];
    return sum[i] + (in - (float)i) * (sum[i + 1] - sum[i]);
}

#endif

#include "postproc/trace_bars.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "postproc/trace_line.h"

enum {
    BESIDE = 8,   /* columns read on both sides of the ink in the mask */
    AROUND = 2    /* rows read above and below fast ones, since a pen covers them too */
};

/* Ink of all shades seen: how many bars are this dark. */
struct darkness { int count[256], bars; };

/* Decides which rows to read, and makes room.  fast: [rows], scratch. */
static enum err_code lay_out(struct line *line, uint8_t *fast, int columns, struct err *e)
{
    struct bars *bars = &line->bars;
    size_t total = 0, bytes;
    int until = -1;   /* the last row to read, as far as is known */

    memset(fast, 0, (size_t)line->rows);
    line_fast(line, fast);
    bars->row = calloc((size_t)line->rows, sizeof *bars->row);
    if (!bars->row)
        return err_memory(e, "the ink of a curve");
    for (int y = 0; y < line->rows; y++) {
        struct bar *bar = &bars->row[y];

        if (y + AROUND < line->rows && fast[y + AROUND])
            until = y + 2 * AROUND;
        if (y > until || isnan(line->lo[y]))
            continue;
        bar->first = (int)fmaxf(0, floorf(line->lo[y]) - BESIDE);
        bar->n = (int)fminf((float)columns, ceilf(line->hi[y]) + BESIDE + 1) - bar->first;
        bar->at = total;
        if (!size_add(total, (size_t)bar->n + 1, &total))
            return err_memory(e, "the ink of a curve");
    }
    if (total == 0)
        return ERR_OK;
    bars->sum = size_mul(total, sizeof *bars->sum, &bytes) ? malloc(bytes) : NULL;
    return bars->sum ? ERR_OK : err_memory(e, "the ink of a curve");
}

/* Keeps the shades of one bar, as they are. */
static void keep(struct line *line, int y, const uint8_t *ink, struct darkness *seen)
{
    const struct bar *bar = &line->bars.row[y];
    float *sum = line->bars.sum + bar->at;
    uint8_t most = 0;

    for (int x = 0; x < bar->n; x++) {
        uint8_t shade = ink[bar->first + x];

        sum[x + 1] = shade;
        most = shade > most ? shade : most;
    }
    seen->count[most]++;
    seen->bars++;
}

/* The median of how dark bars are at most, at least 1. */
static float usual(const struct darkness *seen)
{
    int shade = 1, n = seen->count[0] + seen->count[1];

    while (shade < 255 && n <= seen->bars / 2)
        n += seen->count[++shade];
    return (float)shade;
}

/* Makes of the shades of all bars sums of ink: the whole of a column if as dark as bars usually are, or darker. */
static void sum_up(struct line *line, float dark)
{
    for (int y = 0; y < line->rows; y++) {
        const struct bar *bar = &line->bars.row[y];
        float *sum;

        if (bar->n == 0)
            continue;
        sum = line->bars.sum + bar->at;
        sum[0] = 0;
        for (int x = 1; x <= bar->n; x++)
            sum[x] = sum[x - 1] + fminf(1, sum[x] / dark);
    }
}

static enum err_code read_rows(struct line *const *lines, size_t n, const struct trace_track *track, uint8_t *ink,
                               struct darkness *seen, const struct job *job, struct err *e)
{
    enum err_code rc = ERR_OK;

    for (int y = 0; y < lines[0]->rows && rc == ERR_OK; y++) {
        bool wanted = false;

        for (size_t i = 0; i < n; i++)
            wanted |= lines[i]->bars.row[y].n > 0;
        if (y % 512 == 0)
            rc = job_check(job, e);
        if (wanted && rc == ERR_OK)
            rc = track->shade(track->shade_ctx, y, ink, e);
        for (size_t i = 0; i < n && rc == ERR_OK; i++)
            if (lines[i]->bars.row[y].n > 0)
                keep(lines[i], y, ink, &seen[i]);
    }
    return rc;
}

enum err_code bars_read(struct line *const *lines, size_t n, const struct trace_track *track, int columns,
                        const struct job *job, struct err *e)
{
    uint8_t *fast = malloc((size_t)lines[0]->rows), *ink = malloc((size_t)columns);
    struct darkness *seen = calloc(n, sizeof *seen);
    enum err_code rc = fast && ink && seen ? ERR_OK : err_memory(e, "the ink of a curve");

    for (size_t i = 0; i < n && rc == ERR_OK; i++)
        rc = lay_out(lines[i], fast, columns, e);
    if (rc == ERR_OK)
        rc = read_rows(lines, n, track, ink, seen, job, e);
    for (size_t i = 0; i < n && rc == ERR_OK; i++)
        sum_up(lines[i], usual(&seen[i]));
    free(seen);
    free(ink);
    free(fast);
    return rc;
}

void bars_free(struct bars *bars)
{
    free(bars->row);
    free(bars->sum);
    memset(bars, 0, sizeof *bars);
}

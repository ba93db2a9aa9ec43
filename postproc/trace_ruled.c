#include "postproc/trace_ruled.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/trace_votes.h"

enum { BLOCK = 800,        /* rows that are judged by themselves, since the size of a bit changes */
       NOWHERE = -BLOCK }; /* a column that none is near */

static const float on_columns = 1.5f, off_columns = 3,   /* so near the ruled line is on it; so far is not */
                   most = 0.5f,      /* share of a block's rows in which one of the lines is on it, at least */
                   second = 0.9f,    /* of those that another column may have, at most */
                   usual = 0.5f,     /* share of the blocks that must have a ruled line */
                   per_row = 1;      /* nats; as in trace_pairs.c */

struct search {
    const struct line *a, *b;
    const struct trace_track *track;
    int bins;
    int *counts;     /* [bins]: of the block's rows, those with a line in that column */
    float *votes;    /* [rows] */
};

/* Columns of the line from the track's left edge; NaN where it is not plainly there. */
static float place(const struct search *s, const struct line *line, int y)
{
    return line->ink[y] == INK_OWN ? line->x[y] - (float)s->track->left[y] : NAN;
}

static int bin_of(const struct search *s, float at)
{
    return isnan(at) || at < 0 || at >= (float)s->bins ? -1 : (int)at;
}

/* Counts the rows of first..end-1 by column; how many have a line. */
static int count(struct search *s, int first, int end)
{
    int rows = 0;

    memset(s->counts, 0, (size_t)s->bins * sizeof *s->counts);
    for (int y = first; y < end; y++) {
        int a = bin_of(s, place(s, s->a, y)), b = bin_of(s, place(s, s->b, y));

        if (a >= 0)
            s->counts[a]++;
        if (b >= 0 && (a < 0 || abs(a - b) > 2))   /* else the same column's */
            s->counts[b]++;
        rows += a >= 0 || b >= 0;
    }
    return rows;
}

/* The rows with a line in columns at - 1 to at + 1. */
static int rows_on(const struct search *s, int at)
{
    return (at > 0 ? s->counts[at - 1] : 0) + s->counts[at] + (at + 1 < s->bins ? s->counts[at + 1] : 0);
}

/* The column that most rows have a line in, not within off_columns of `but`; -1 if the track is too narrow for one. */
static int fullest(const struct search *s, int but)
{
    int best = -1;

    for (int at = 0; at < s->bins; at++)
        if (abs(at - but) > (int)off_columns && (best < 0 || rows_on(s, at) > rows_on(s, best)))
            best = at;
    return best;
}

/* Has rows first..end-1 vote; whether there is a ruled line. */
static bool judge(struct search *s, int first, int end)
{
    int rows = count(s, first, end), at = fullest(s, NOWHERE), other = fullest(s, at), on = rows_on(s, at);
    double sum = 0;
    float line;

    if (on == 0 || (float)on < most * (float)rows || (other >= 0 && (float)rows_on(s, other) > second * (float)on))
        return false;
    for (int k = at - 1; k <= at + 1; k++)
        if (k >= 0 && k < s->bins)
            sum += (k + 0.5) * s->counts[k];
    line = (float)(sum / on);
    for (int y = first; y < end; y++) {
        float a = fabsf(place(s, s->a, y) - line), b = fabsf(place(s, s->b, y) - line);

        s->votes[y] = (float)((a <= on_columns && b > off_columns) - (b <= on_columns && a > off_columns));
    }
    return true;
}

enum err_code ruled_gain(const struct line *a, const struct line *b, const struct trace_track *track, float *gain,
                         struct err *e)
{
    struct search s = {.a = a, .b = b, .track = track};
    int blocks = a->rows / BLOCK > 1 ? a->rows / BLOCK : 1, ruled = 0;
    double widest = 0;

    for (int y = 0; y < a->rows; y++)
        widest = fmax(widest, track->right[y] - track->left[y]);
    s.bins = (int)widest + 1;
    s.counts = malloc((size_t)s.bins * sizeof *s.counts);
    s.votes = calloc((size_t)a->rows, sizeof *s.votes);
    if (!s.counts || !s.votes) {
        free(s.votes);
        free(s.counts);
        return err_memory(e, "telling curves apart");
    }
    for (int k = 0; k < blocks; k++)
        ruled += judge(&s, a->rows / blocks * k, k + 1 < blocks ? a->rows / blocks * (k + 1) : a->rows);
    if ((float)ruled >= usual * (float)blocks)
        votes_add(s.votes, a->rows, per_row, gain);
    free(s.votes);
    free(s.counts);
    return ERR_OK;
}

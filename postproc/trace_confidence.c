#include "postproc/trace_confidence.h"

#include <math.h>
#include <stdlib.h>

#include "postproc/trace_finish.h"

enum { CLOSE = 6, WIDE = 90, HELD = 2 * WIDE + 1, APART = 24,
       SEEN_ROWS = 300, SEEN_RUN = 90 };   /* rows; at 200 dpi, for which masks are made, 24 are 3 mm */
#define MEET 3.0f                            /* lines closer than this % of the track's width meet */

/* Logistic model of "x is within 1 % of the track's width of the truth", in the order of the features: written by
 * `make confidence` (tests/eval/fit_confidence.py), from synthetic scans of seeds 101 to 104. */
static const float model[CONFIDENCE_FEATURES] = {
    [CONFIDENCE_ONE] = 0.7111f,
    [CONFIDENCE_PEAK] = 2.0151f,
    [CONFIDENCE_LEAST] = 1.2284f,
    [CONFIDENCE_RIVAL] = -0.9241f,
    [CONFIDENCE_OTHER] = 0.0505f,
    [CONFIDENCE_RUN] = -0.1907f,
    [CONFIDENCE_CENTRE] = 0.0100f,
    [CONFIDENCE_SLOPE] = 0.0357f,
    [CONFIDENCE_ROUGH] = -0.9171f,
    [CONFIDENCE_WIDE_ROUGH] = -1.0002f,
    [CONFIDENCE_MEETINGS] = -0.7222f,
};

/* A curve is believed to be there if SEEN_ROWS rows have this mean confidence, rows on ink that another curve explains
 * counting nothing.  One alone in its style is too if it has this share of plain ink in them, or SEEN_RUN rows on end: the
 * wildest stay under the confidence, and one that is mostly off the track comes into it for less.  Of several of a style
 * each can be pieced together from plain ink of the others: it must be there beside all of them in this share of the rows
 * or, if they swing or go together, have more confidence in the mean of all rows, a good one where it is by itself, or a
 * better one in SEEN_ROWS rows.  One with next to no plain ink beside curves of other styles lies on what these leave over,
 * and must be surer.  Curves that were asked for and are not there mostly stay under. */
static const float seen_confidence = 0.4f, seen_share = 0.7f, spare_confidence = 0.52f, spare_share = 0.1f,
                   apart_share = 0.07f, whole_confidence = 0.48f, own_confidence = 0.8f, sure_confidence = 0.85f;

static float percent(const struct trace_track *track, int y, float columns)
{
    float width = (float)(track->right[y] - track->left[y]);

    return width > 0 ? 100 * fabsf(columns) / width : 0;
}

/* The bend in row y of the middle of what the line runs through; x is sharpened there, and bends for good. */
static float bend(const struct line *line, const struct trace_track *track, int y)
{
    float b = y > 0 && y + 1 < line->rows ? line->centre[y - 1] - 2 * line->centre[y] + line->centre[y + 1] : 0;

    return isnan(b) ? 0 : fminf(2, percent(track, y, b));
}

/* The rows up to `reach` away from y that the line has: first..end-1. */
static void around(const struct line *line, int y, int reach, int *first, int *end)
{
    *first = y > reach ? y - reach : 0;
    *end = line->rows - y > reach ? y + reach + 1 : line->rows;
}

/* The bends of the rows around the one at work: row y at y % HELD. */
struct bends {
    float of[HELD];
    int next;   /* row to be computed next */
};

static void advance(struct bends *bends, const struct line *line, const struct trace_track *track, int y)
{
    for (; bends->next < line->rows && bends->next <= y + WIDE; bends->next++)
        bends->of[bends->next % HELD] = bend(line, track, bends->next);
}

static float rough(const struct line *line, const struct bends *bends, int y, int reach)
{
    float sum = 0;
    int first, end;

    around(line, y, reach, &first, &end);
    for (int k = first; k < end; k++)
        sum += bends->of[k % HELD];
    return sum / (float)(end - first);
}

static float least_peak(const struct line *line, int y)
{
    float least = 1;
    int first, end;

    around(line, y, CLOSE, &first, &end);
    for (int k = first; k < end; k++)
        least = fminf(least, line->peak[k]);
    return least;
}

static float slope(const struct line *line, const struct trace_track *track, int y)
{
    float way = y >= 3 && y + 3 < line->rows ? line->x[y + 3] - line->x[y - 3] : 0;

    return isnan(way) ? 0 : fminf(10, percent(track, y, way));
}

/* Whether line `at` is close to another of lines: [n] in row y. */
static bool meets(const struct line *lines, size_t n, size_t at, const struct trace_track *track, int y)
{
    for (size_t i = 0; i < n; i++)
        if (i != at && percent(track, y, lines[i].x[y] - lines[at].x[y]) < MEET)   /* false for a null */
            return true;
    return false;
}

static float meetings(const struct line *lines, size_t n, size_t at, const struct trace_track *track)
{
    int count = 0, apart = APART;

    for (int y = 0; n > 1 && y < lines[at].rows; y++) {
        bool now = meets(lines, n, at, track, y);

        count += now && apart >= APART;
        apart = now ? 0 : apart + 1;
    }
    return fminf(2, logf(1 + (float)count));
}

void confidence_features(const struct line *lines, size_t n, size_t at, const struct trace_track *track,
                         float (*feature)[CONFIDENCE_FEATURES])
{
    const struct line *line = &lines[at];
    float met = meetings(lines, n, at, track);
    struct bends bends = {.next = 0};

    for (int y = 0; y < line->rows; y++) {
        float *f = feature[y], run = line->hi[y] - line->lo[y] - 2 * line->radius;
        bool inked = !isnan(line->lo[y]);

        advance(&bends, line, track, y);
        if (isnan(line->x[y]))
            continue;
        f[CONFIDENCE_ONE] = 1;
        f[CONFIDENCE_PEAK] = line->peak[y];
        f[CONFIDENCE_LEAST] = least_peak(line, y);
        f[CONFIDENCE_RIVAL] = line->rival[y];
        f[CONFIDENCE_OTHER] = line->ink[y] == INK_OTHER;
        f[CONFIDENCE_RUN] = inked ? fminf(10, percent(track, y, fmaxf(0, run))) : 0;
        f[CONFIDENCE_CENTRE] = inked ? fminf(5, percent(track, y, line->centre[y] - line->x[y])) : 0;
        f[CONFIDENCE_SLOPE] = slope(line, track, y);
        f[CONFIDENCE_ROUGH] = rough(line, &bends, y, CLOSE);
        f[CONFIDENCE_WIDE_ROUGH] = rough(line, &bends, y, WIDE);
        f[CONFIDENCE_MEETINGS] = met;
    }
}

enum err_code finish_confidence(const struct line *lines, size_t n, size_t at, const struct trace_track *track,
                                float *confidence, struct err *e)
{
    int rows = lines[at].rows;
    float (*feature)[CONFIDENCE_FEATURES] = calloc((size_t)rows, sizeof *feature);

    if (!feature)
        return err_memory(e, "a curve's confidence");
    confidence_features(lines, n, at, track, feature);
    for (int y = 0; y < rows; y++) {
        float score = 0;

        for (int k = 0; k < CONFIDENCE_FEATURES; k++)
            score += model[k] * feature[y][k];
        confidence[y] = isnan(lines[at].x[y]) ? 0 : 1 / (1 + expf(-score));
    }
    free(feature);
    return ERR_OK;
}

/* The largest mean of value: [rows] over SEEN_ROWS, or all if they are fewer. */
static float most(const float *value, int rows)
{
    int window = rows < SEEN_ROWS ? rows : SEEN_ROWS;
    double sum = 0, largest = 0;

    for (int y = 0; y < rows; y++) {
        sum += value[y] - (y >= window ? value[y - window] : 0);
        if (y + 1 >= window)
            largest = fmax(largest, sum);
    }
    return rows ? (float)(largest / window) : 0;
}

/* Whether so many rows on end have a value that is not 0. */
static bool runs_on(const float *value, int rows, int least)
{
    int run = 0;

    for (int y = 0; y < rows && run < least; y++)
        run = value[y] > 0 ? run + 1 : 0;
    return run >= least;
}

/* Whether in row y the line lies on plain ink of its own and does not swing, so that no other stroke of it is near. */
static bool is_calm(const struct line *line, const struct claims *others, int y)
{
    return line_plain(line, y) && line_unshared(line, others, y) && !line_swings(line, y, line->hi[y] - line->lo[y]);
}

/* The share of rows in which line `at` and all others of its style are calm, and none touches it: as many curves as there
 * are lines. */
static float share_apart(const struct line *lines, size_t n, size_t at, const struct claims *others)
{
    int apart = 0;

    for (int y = 0; y < lines[at].rows; y++) {
        bool all = true;

        for (size_t k = 0; k < n && all; k++)
            all = is_calm(&lines[k], others, y) && (k == at || !lines_touch(&lines[at], &lines[k], y));
        apart += all;
    }
    return (float)apart / (float)lines[at].rows;
}

/* How far line `at`, one of several of a style, is more than pieces of the others; under 1 it is not.  value: [rows], its
 * confidence on ink of its own, else 0, of which `seen` is the most. */
static float wholeness(const struct line *lines, size_t n, size_t at, const struct claims *others, const float *value,
                       float seen)
{
    float sum = 0, most_sure;
    int own = 0, rows = lines[at].rows;

    for (int y = 0; y < rows; y++) {
        own += value[y] > 0;
        sum += value[y];
    }
    if (own == 0)
        return 0;
    most_sure = fmaxf(seen / sure_confidence, sum / (float)own / own_confidence);
    return fmaxf(share_apart(lines, n, at, others) / apart_share, fmaxf(most_sure, sum / (float)rows / whole_confidence));
}

enum err_code finish_belief(const struct line *lines, size_t n, size_t at, const struct trace_track *track,
                            const struct claims *others, float *belief, struct err *e)
{
    const struct line *line = &lines[at];
    float *value = calloc((size_t)line->rows, sizeof *value), plain, seen;
    enum err_code rc = ERR_OK;

    if (!value)
        return err_memory(e, "a curve's confidence");
    for (int y = 0; y < line->rows; y++)
        value[y] = !isnan(line->x[y]) && line_plain(line, y);
    plain = most(value, line->rows);
    *belief = 1;
    if (n > 1 || (plain < seen_share && !runs_on(value, line->rows, SEEN_RUN))) {
        rc = finish_confidence(lines, n, at, track, value, e);
        for (int y = 0; y < line->rows && rc == ERR_OK; y++)
            if (!line_unshared(line, others, y))
                value[y] = 0;
        seen = most(value, line->rows);
        *belief = seen / (others->n > 0 && plain < spare_share ? spare_confidence : seen_confidence);
        if (n > 1)
            *belief = fminf(*belief, wholeness(lines, n, at, others, value, seen));
    }
    free(value);
    return rc;
}

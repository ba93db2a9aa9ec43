#include "postproc/trace_stroke.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "postproc/trace_votes.h"

/* What one trait has to differ by, and by how many times its own scatter, to tell lines apart. */
struct trait { float least, steady; };

/* In levels of 255: two colours of a plot may differ by no more; one pen's ink does by more, but not steadily. */
static const struct trait shade = {8, 3};
/* Of two pens' colours; a JPEG's scatter. */
static const struct trait tint = {12, 2};
/* In quarters of a column; scans show whole columns, so that it scatters by one. */
static const struct trait breadth = {3, 2};

static const float per_row = 2;   /* nats; as in trace_pairs.c */

enum {
    BLOCK = 15,                     /* rows that are judged together */
    LEAST_BLOCKS = 6, FEWEST = 3,   /* how many are enough for lines that differ by the least, and by more */
    SLOPE_ROWS = 3,                 /* on both sides, over which a line's direction is read */
    SETTLED_ROWS = 20,              /* on both sides, of which a settled line has ink in most */
    STEEP = 4,                      /* columns a row; a steeper line's thickness cannot be told */
    THICK = 40                      /* columns; a wider run is a grid line or a fill */
};

/* The column where ink: [columns] is darkest on the line in row y; -1 if there is none. */
static int darkest(const struct line *line, int y, const uint8_t *ink, int columns)
{
    int lo = line->claim[y].lo, hi = line->claim[y].hi, at = -1;

    for (int x = lo < 0 ? 0 : lo; x <= hi && x < columns; x++)
        if (ink[x] > (at < 0 ? 0 : ink[at]))
            at = x;
    return at;
}

/* How thick the line is across its direction in row y, in quarters of a column, from the run of ink: [columns] that it
 * lies on.  0 where that is not known: it is steep, or something else runs into it. */
static uint8_t thickness(const struct line *line, int y, const uint8_t *ink, int columns, const struct claims *others)
{
    int above = y - SLOPE_ROWS, below = y + SLOPE_ROWS, first, last;
    float slope, edge = 0.5f * line->shade[y];

    if (above < 0 || below >= line->rows || isnan(line->x[above]) || isnan(line->x[y]) || isnan(line->x[below]))
        return 0;
    slope = (line->x[below] - line->x[above]) / (2 * SLOPE_ROWS);
    first = last = (int)lrintf(line->x[y]);
    if (fabsf(slope) > STEEP || first < 0 || first >= columns || ink[first] < edge)
        return 0;
    while (first > 0 && ink[first - 1] >= edge)
        first--;
    while (last + 1 < columns && ink[last + 1] >= edge)
        last++;
    if (last - first >= THICK || claims_overlap(others, y, first - 1, last + 1))
        return 0;
    return (uint8_t)lrintf(4 * (float)(last - first + 1) / sqrtf(1 + slope * slope));
}

/* Whether the line is plainly there around row y, and not only a piece of a grid line that it was led over. */
static bool settled(const struct line *line, int y)
{
    int own = 0;

    for (int k = y - SETTLED_ROWS; k <= y + SETTLED_ROWS; k++)
        own += k >= 0 && k < line->rows && line->ink[k] == INK_OWN;
    return own > 3 * SETTLED_ROWS / 2;
}

/* tints: [columns], or NULL. */
static void read_row(struct line *line, int y, const uint8_t *ink, const uint8_t *tints, int columns,
                     const struct claims *others)
{
    int at = line->ink[y] == INK_OWN ? darkest(line, y, ink, columns) : -1;

    line->shade[y] = at < 0 ? 0 : ink[at];
    line->tint[y] = at < 0 || !tints ? 0 : tints[at];
    line->breadth[y] = line->shade[y] && settled(line, y) ? thickness(line, y, ink, columns, others) : 0;
}

enum err_code stroke_read(struct line *lines, size_t n, const struct evidence *ev, const struct job *job,
                          struct err *e)
{
    int columns = mask_columns(ev->mask);
    uint8_t *ink = malloc(2 * (size_t)columns), *tints = ev->track->tint && ink ? ink + columns : NULL;
    enum err_code rc = ERR_OK;

    if (!ink)
        return err_memory(e, "telling curves apart");
    for (int y = 0; y < lines[0].rows && rc == ERR_OK; y++) {
        if (y % 512 == 0 && (rc = job_check(job, e)) != ERR_OK)
            break;
        rc = ev->track->shade(ev->track->shade_ctx, y, ink, e);
        if (rc == ERR_OK && tints)
            rc = ev->track->tint(ev->track->shade_ctx, y, tints, e);
        for (size_t i = 0; i < n && rc == ERR_OK; i++)
            read_row(&lines[i], y, ink, tints, columns, &ev->others);
    }
    free(ink);
    return rc;
}

/* How far the two are apart, from blocks of rows; 0 if that is too little, or not steady.  scratch: [2, rows]. */
static float separation(const float *difference, int rows, struct trait trait, float *scratch)
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
        level = sort_median(sorted, BLOCK);
        apart[blocks++] = fabsf(level);
        for (held = 0; held < BLOCK; held++)
            noise[n++] = fabsf(block[held] - level);
        held = 0;
    }
    if (blocks < FEWEST)
        return 0;
    sep = sort_median(apart, blocks);
    if (sep < trait.least || (float)blocks * sep < LEAST_BLOCKS * trait.least)
        return 0;
    return sep >= trait.steady * sort_median(noise, n) ? sep : 0;
}

static bool apart(const struct line *a, const struct line *b, int y)
{
    return a->claim[y].hi < b->claim[y].lo || b->claim[y].hi < a->claim[y].lo;
}

/* Halfway between what the two lines mostly have of a trait, from the rows in which it is known of both.  scratch:
 * [2, rows]. */
static float halfway(const uint8_t *of_a, const uint8_t *of_b, const float *difference, int rows, float *scratch)
{
    float *more = scratch, *less = scratch + rows;
    size_t n = 0;

    for (int y = 0; y < rows; y++)
        if (!isnan(difference[y])) {
            more[n] = of_a[y] > of_b[y] ? of_a[y] : of_b[y];
            less[n++] = of_a[y] > of_b[y] ? of_b[y] : of_a[y];
        }
    return (sort_median(more, n) + sort_median(less, n)) / 2;
}

/* 1 for a trait as one of the lines mostly has it, -1 as the other, 0 where it is not known. */
static float side(uint8_t of, float half, float sep)
{
    return of ? fmaxf(-1, fminf(1, 2 * ((float)of - half) / sep)) : 0;
}

/* stroke_gain by one trait of the two lines, of_a and of_b: [rows], 0 where it is not known; where it is known of one
 * only, that is half a vote.  scratch: [3, rows]. */
static void trait_gain(const struct line *a, const struct line *b, const uint8_t *of_a, const uint8_t *of_b,
                       struct trait trait, float *gain, float *scratch)
{
    float *difference = scratch + 2 * (size_t)a->rows, sep, half;

    for (int y = 0; y < a->rows; y++)
        difference[y] = apart(a, b, y) && of_a[y] && of_b[y] ? (float)(of_a[y] - of_b[y]) : NAN;
    sep = separation(difference, a->rows, trait, scratch);
    if (sep == 0)
        return;
    half = halfway(of_a, of_b, difference, a->rows, scratch);
    for (int y = 0; y < a->rows; y++)
        difference[y] = apart(a, b, y) ? (side(of_a[y], half, sep) - side(of_b[y], half, sep)) / 2 : 0;
    votes_add(difference, a->rows, per_row, gain);
}

enum err_code stroke_gain(const struct line *a, const struct line *b, float *gain, struct err *e)
{
    float *scratch = malloc(3 * (size_t)a->rows * sizeof *scratch);

    if (!scratch)
        return err_memory(e, "telling curves apart");
    trait_gain(a, b, a->tint, b->tint, tint, gain, scratch);
    trait_gain(a, b, a->shade, b->shade, shade, gain, scratch);
    trait_gain(a, b, a->breadth, b->breadth, breadth, gain, scratch);
    free(scratch);
    return ERR_OK;
}

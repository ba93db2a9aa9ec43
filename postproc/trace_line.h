/* One traced curve in the making: its path, the ink on it, and the line's centre read from that ink. */
#ifndef POSTPROC_TRACE_LINE_H
#define POSTPROC_TRACE_LINE_H

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/pool.h"
#include "postproc/trace_bars.h"
#include "postproc/trace_evidence.h"

/* What the path runs through in a row. */
enum ink {
    INK_NONE,
    INK_BORROWED,   /* faint ink, or ink that another curve explains too */
    INK_OTHER,      /* plain ink of another style that no curve explains */
    INK_SPARE,      /* the same where curves of other styles are traced beside it */
    INK_OWN
};

struct line {
    int rows;
    int *path;          /* [rows]: column of the best path */
    uint8_t *ink;       /* [rows]: enum ink */
    float *lo, *hi;     /* [rows]: ends of the ink run on the path, to a fraction of a column; NaN if none */
    float *centre;      /* [rows]: centre of gravity of that run */
    float *peak;        /* [rows]: largest probability in it, 0 if none */
    float *rival;       /* [rows]: largest probability of the class elsewhere in the track */
    float *x;           /* [rows]: the curve's position, NaN where there is no ink on the path */
    struct claim *claim;   /* [rows]: the ink it explains */
    uint8_t *shade;     /* [rows]: how dark it is drawn, 0 where that is not known */
    uint8_t *tint;      /* [rows]: its colour, 0 where that is not known */
    uint8_t *breadth;   /* [rows]: how thick, in quarters of a column, 0 where that is not known */
    float radius;       /* half the line's thickness in the mask */
    bool broken;        /* it comes in dashes or dots */
    struct bars bars;   /* the scan's ink where the line swings fast, once bars_read has been called */
};

enum err_code line_alloc(struct line *line, int rows, struct err *e);
void line_free(struct line *line);

/* Fills ink, lo, hi, centre, peak, rival, claim and radius from path and evidence. */
enum err_code line_measure(struct line *line, const struct evidence *ev, struct err *e);

/* Fills x from the evidence around the runs that line_measure found. */
enum err_code line_centre(struct line *line, const struct evidence *ev, struct err *e);

/* Sharpens x where the line swings fast, from the ends of the runs around.  pool: may be NULL. */
enum err_code line_sharpen(struct line *line, struct pool *pool, struct err *e);

/* Marks in fast: [rows] with 1 the rows that show a bar, wider than the line is thick, and those next to them. */
void line_fast(const struct line *line, uint8_t *fast);

/* Sharpens x further there, from the scan's ink that bars_read has read.  Leaves it as it is where nothing was read, or
 * the pen is too thick to show more than the mask. */
enum err_code line_refine(struct line *line, struct pool *pool, struct err *e);

enum { LINE_LEAP = 20,     /* columns from one row to the next; more is no step of a curve but a leap */
       LINE_JUMP = 12 };   /* rows within which two lines that leap may change places */

/* Whether row y of `to` is a leap from the row above of `from`, which may be the same line. */
static inline bool line_leaps(const struct line *from, const struct line *to, int y)
{
    return abs(to->path[y] - from->path[y - 1]) > LINE_LEAP;
}

enum { LINE_SWING = 8 };   /* columns; a wider run, or more to the next row's path, is a swing */

/* Whether the line swings in row y, in which its ink is so many columns wide. */
static inline bool line_swings(const struct line *line, int y, float width)
{
    return width > LINE_SWING || (y > 0 && abs(line->path[y] - line->path[y - 1]) > LINE_SWING) ||
           (y + 1 < line->rows && abs(line->path[y + 1] - line->path[y]) > LINE_SWING);
}

/* Whether in row y the line runs on plain ink of its own style. */
static inline bool line_plain(const struct line *line, int y)
{
    return line->ink[y] == INK_OWN && line->peak[y] > 0.5f;
}

/* Whether the ink on the path in row y is the line's own, and none that the others, curves of other classes, explain. */
static inline bool line_sure(const struct line *line, const struct claims *others, int y)
{
    return line->ink[y] == INK_OWN && !claims_hold(others, y, line->path[y]);
}

/* Whether the line lies in row y on plain ink, of whatever style, that none of the others explains. */
static inline bool line_unshared(const struct line *line, const struct claims *others, int y)
{
    return !isnan(line->x[y]) && line->ink[y] > INK_BORROWED && !claims_hold(others, y, line->path[y]);
}

/* Whether in row y the two run into one another. */
static inline bool lines_touch(const struct line *a, const struct line *b, int y)
{
    return abs(a->path[y] - b->path[y]) <= a->radius + b->radius + 1.5f;
}

/* Fills x between rows a and b, which have values, straight from one to the other. */
static inline void line_bridge(float *x, int a, int b)
{
    for (int y = a + 1; y < b; y++)
        x[y] = x[a] + (x[b] - x[a]) * (float)(y - a) / (float)(b - a);
}

/* x: [rows], straight on through its NaN; zeros if it is NaN throughout. */
void line_fill(const float *x, int rows, float *filled);

/* The probability at which a run with this peak ends. */
float line_edge(float peak);

#endif

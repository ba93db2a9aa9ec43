/* What a round pen covers of each row when it draws a curve.
 *
 * A pen of radius r that follows x(y) covers in row y the columns from min over dy of x(y+dy) - sqrt(r^2-dy^2) to max
 * over dy of x(y+dy) + sqrt(r^2-dy^2), |dy| <= r. */
#ifndef POSTPROC_TRACE_PEN_H
#define POSTPROC_TRACE_PEN_H

enum {
    PEN_REACH = 3,      /* rows up and down that a pen covers, at most */
    PEN_SAMPLES = 4,    /* of dy on each side */
    PEN_OFFSETS = 2 * PEN_SAMPLES + 1,
    PEN_PLACES = 16     /* that are tried at a time */
};

/* The pen at some offsets from a row, downwards: the row before, how far on to the next, and how far it reaches
 * sideways. */
struct pen {
    int rows;                                                  /* reached up and down, at most PEN_REACH */
    struct { int before; float share, cover; } at[PEN_OFFSETS];
    struct { int first, end; } near[2 * PEN_REACH + 1];        /* offsets that row y + d has of row y, at d + PEN_REACH */
};

/* Columns from lo to hi. */
struct span { float lo, hi; };
struct spans { float lo[PEN_PLACES], hi[PEN_PLACES]; };

/* radius: in rows and columns, at most PEN_REACH. */
void pen_make(struct pen *pen, float radius);

/* What the pen covers of row y; x: the curve's columns, with PEN_REACH + 1 rows more on both sides of y. */
struct span pen_cover(const struct pen *pen, const float *x, int y);

/* What it would cover of row y + d, |d| <= pen->rows, if the curve were at each of the places in row y. */
void pen_cover_each(const struct pen *pen, const float *x, int y, int d, const float places[static PEN_PLACES],
                    struct spans *out);

#endif

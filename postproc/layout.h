/* What the user says of a scan: where the tracks are, what the curves in them are called and how
 * they are scaled, and which depth lies at which row.  Pure data, filled by server/fields.c or
 * server/layout_json.c.
 *
 * Coordinates are the scan's own pixels after its orientation tag is applied.  Columns are given at
 * pixel centres: x = 15 is the centre of column 15.  Rows are given on a continuous axis y on which
 * row r covers [r, r+1), so that its centre is r + 0.5; depth_top lies at y0, depth_bottom at y1, a
 * printed depth line at row r at r + 0.5. */
#ifndef POSTPROC_LAYOUT_H
#define POSTPROC_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

enum curve_scale { SCALE_LIN, SCALE_LOG };
enum curve_style { STYLE_SOLID, STYLE_DASHED, STYLE_DOTTED, STYLE_COUNT };
enum depth_unit { DEPTH_NONE, DEPTH_FT, DEPTH_M };

struct layout_curve {
    char mnemonic[32];
    char unit[32];            /* "" if none */
    double left, right;       /* values at the track's left and right edge */
    enum curve_scale scale;
    enum curve_style style;
    bool style_guessed;       /* by order: none was given */
};

struct layout_edge {
    double y;                 /* row centre */
    double x0, x1;            /* centres of the columns of the left and right scale value */
};

struct layout_track {
    double x0, x1;            /* as in layout_edge, for the whole track; x0 < x1, or both 0: the scan's whole width */
    struct layout_edge *edges; size_t n_edges;   /* ascending in y; empty: follow the printed borders from x0, x1 */
    struct layout_curve *curves; size_t n_curves;
};

struct depth_line { double y, depth; };

struct layout {
    int y0, y1;               /* the region's rows, y1 exclusive */
    enum depth_unit depth_unit;
    struct depth_line *depth_lines; size_t n_depth_lines;   /* ascending in y, monotonic in depth; empty: no depths known */
    struct layout_track *tracks; size_t n_tracks;
};

/* The style of a curve that names none, by its place among the curves: solid, dashed, dotted, then solid. */
enum curve_style layout_style_by_order(size_t index);

/* "solid", "dashed" or "dotted". */
const char *layout_style_name(enum curve_style style);

/* Depth at y, and y at a depth: piecewise linear between the depth lines, the end segments extended.
 * The layout must have two or more depth lines. */
double layout_depth_at(const struct layout *layout, double y);
double layout_row_at(const struct layout *layout, double depth);

/* The track's edges at row y of that axis: piecewise linear between the given ones, level beyond the first and the
 * last; x0 and x1 of the track where none are given. */
struct layout_edge layout_edges_at(const struct layout_track *track, double y);

/* Frees what the layout points at and zeroes it; the struct itself is the caller's. */
void layout_clear(struct layout *layout);

#endif

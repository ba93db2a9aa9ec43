/* Depth-indexed curves, ready to be written: the traced positions read through the calibration. */
#ifndef POSTPROC_TABLE_H
#define POSTPROC_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "postproc/layout.h"
#include "postproc/trace.h"

/* How a track's mask lies on the scan: mask pixel centre i is scan pixel centre
 * x_origin + (i + 0.5) / x_scale - 0.5, and mask row y-axis position v is scan y-axis position
 * y_origin + v / y_scale (mask pixels per scan pixel). */
struct mask_geometry { double x_origin, y_origin, x_scale, y_scale; };

struct table_curve {
    const struct layout_curve *curve;   /* the layout's */
    double *value;                      /* [rows], NaN where null */
    float *confidence;                  /* [rows] */
    double coverage;                    /* share of rows with a value */
    double mean_confidence;             /* over rows with a value; 0 if there is none */
    enum curve_style drawn;             /* the trace's */
};

struct table {
    bool has_depth;           /* false: index is the scan's row number (a sample lies at the row's centre) */
    enum depth_unit unit;
    double start, step;       /* index[i] = start + i * step, ascending */
    int decimals;             /* that write start and step exactly, 0..9 */
    size_t rows;
    struct table_curve *curves; size_t n_curves;
};

/* One track's traces with what is needed to calibrate them. */
struct table_track {
    const struct layout_track *track;
    struct mask_geometry geometry;
    const double *left, *right;   /* [trace rows]: edges in mask columns */
    const struct trace *traces;   /* [track->n_curves] */
};

/* Reads every trace at every depth of the grid: the multiples of `step` inside the region's depths
 * (step 0: chosen from the depth of a row, a round number; without depths the step counts rows, 0: 1 row).
 * Up to twelve samples at each end are left off where lascheck would not find STRT or STOP divided by STEP
 * whole: it divides in binary floating point.  On success *out holds memory that table_clear frees.
 * ERR_INVALID when the step has more than 9 decimals, is wider than the region, or gives too many samples
 * (5 million over all curves).  ERR_NO_MEMORY.  After a failure *out is empty. */
enum err_code table_build(struct table *out, const struct layout *layout, const struct table_track *tracks,
                          size_t n_tracks, double step, struct err *e);
/* index[i] x 10^decimals, exactly. */
int64_t table_index_scaled(const struct table *table, size_t i);

void table_clear(struct table *table);

#endif

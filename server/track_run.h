/* One track on its way through the pipeline: which columns of the network's input are its own, its
 * mask, its edges down the page, its traced curves. */
#ifndef SERVER_TRACK_RUN_H
#define SERVER_TRACK_RUN_H

#include <stdbool.h>

#include "base/job.h"
#include "nn/windows.h"
#include "postproc/edges.h"
#include "postproc/mask.h"
#include "postproc/table.h"
#include "postproc/trace.h"
#include "server/normalise.h"

/* Columns beyond the track's edges that the network sees, in pixels at 200 dpi: it was trained on tracks
 * with their surroundings, and pens overshoot. */
enum { TRACK_MARGIN = 48 };

/* Columns by which a track of `rows` rows at 200 dpi may wander off the place where it was given and still be followed:
 * paper that runs askew goes the farther the taller the scan is. */
int track_wander(double rows);

struct track_run {
    const struct layout_track *track;
    struct mask_geometry geometry;   /* of the track's own mask */
    int c0, columns;                 /* its columns of the shared input, as far as it may wander */
    int seen_x0, seen_columns;       /* those of them that the network sees, of rows that are moved back */
    int rows;
    const int *shift;                /* [rows]: how far each was moved for the network (server/straighten.h) */
    struct mask *mask;
    struct edges *edges;             /* NULL: the edges are as given */
    struct window_blend *blend;
    double *left, *right;            /* [rows], mask columns; filled by track_run_trace */
    struct trace *traces;            /* [track->n_curves] */
    double drift, edges_found;       /* mask pixels; share of bands with printed lines */
};

/* Prepares a track on an input of `columns` x `windows->rows` that lies on the scan as `shared` says, and whose rows
 * the network sees moved by `shift`: [rows], which must outlive the run.  The mask lies as the scan does.  follow:
 * printed borders are to be followed (unless the layout gives edges).  On failure as on success track_run_clear frees
 * all; `run` is zeroed first. */
enum err_code track_run_open(struct track_run *run, const struct layout_track *track, const struct mask_geometry *shared,
                             int columns, const struct windows *windows, const int *shift, int classes, bool follow,
                             struct err *e);
void track_run_clear(struct track_run *run);

/* A row of the shared input that is seen for the first time, as it lies on the scan: [columns of the shared input]. */
void track_run_row(struct track_run *run, const uint8_t *ink);

/* Rows that the network is about to see, of the shared input. */
struct track_rows {
    const uint8_t *ink;              /* [rows, stride] */
    size_t stride;
    int rows;
    int settled, hold;               /* the rows from `settled` on have yet to be moved to the left by `hold` columns */
    double place;                    /* how far the track lies to the right of where it was given, about */
};

/* Adds to drift: [rows->rows] how far the printed borders lie to the right of where they were given, once the rows are
 * moved.  *found: whether printed lines were seen; else, or if the track's edges are not followed, nothing is added.
 * Uses the run's `left` and `right`, which track_run_trace fills. */
enum err_code track_run_drift(struct track_run *run, const struct track_rows *rows, double *drift, bool *found,
                              struct err *e);

/* The track's edges in row y of the mask as the network sees it, moved by the run's shift: as they are given, or, where
 * printed borders are followed, where the row was moved to. */
void track_run_edges(const struct track_run *run, int y, double *left, double *right);

/* The style that curve i of the track is sought by: a dotted curve among the dashed ones where the network, of so many
 * classes, has none of its own. */
enum curve_style track_run_style(const struct track_run *run, size_t i, int classes);

/* Settles the edges and traces the curves, once the mask is whole, and corrects them if the network has a corrector.
 * input: the shared one, which is read again for how dark the scan is. */
enum err_code track_run_trace(struct track_run *run, const struct curvenet *net, struct normalise *input,
                              struct pool *pool, const struct job *job, struct err *e);

#endif

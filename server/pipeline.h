/* The one place where the stages meet: a scan on disk and a layout in, curves and their files out. */
#ifndef SERVER_PIPELINE_H
#define SERVER_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/job.h"
#include "base/pool.h"
#include "nn/curvenet.h"
#include "postproc/las.h"
#include "postproc/layout.h"
#include "server/scan.h"

enum { PIPELINE_MAX_WARNINGS = 16, PIPELINE_MAX_CURVES = 64 };

/* Stages in the order they run; their names are in pipeline_stage_name. */
enum pipeline_stage { STAGE_DECODE, STAGE_FORWARD, STAGE_TRACE, STAGE_CALIBRATE, STAGE_WRITE, STAGE_TOTAL };

/* What is asked. */
struct pipeline_request {
    const char *scan_path;        /* the TIFF, on local disk */
    const char *scan_name;        /* as the user called it, or "" */
    struct layout layout;         /* tracks may be empty: one track, the whole region */
    bool has_rows;                /* false: the region is all rows of the scan */
    bool has_depth_range;         /* depth_top and depth_bottom were given: depths at the region's edges */
    double depth_top, depth_bottom;
    double step;                  /* 0: chosen */
    bool confidence_columns;      /* in the CSV */
    bool one_look;                /* tracks of several curves, too, go through the network once (server/track_look.h) */
    bool want_las, want_overlay, want_mask;
    struct las_header header;
};

struct pipeline_env {
    const struct curvenet *net;
    struct pool *pool;
    struct scan_limits limits;
    const char *out_dir;          /* where curves.csv, curves.las, overlay.png, mask.png are written */
};

struct pipeline_curve {
    struct layout_curve curve;
    size_t samples;
    double coverage, confidence;
};

/* What came of it.  All members are values: nothing to free. */
struct pipeline_result {
    struct scan_info image;
    double x0, x1; int y0, y1;    /* the first track as used, in scan pixels */
    struct pipeline_curve curves[PIPELINE_MAX_CURVES]; size_t n_curves;
    bool has_depth; double start, stop, step; size_t samples;
    bool wrote_las, wrote_overlay, wrote_mask;
    int windows; uint64_t pixels;  /* of the network's input */
    double drift;                  /* largest sideways drift followed, scan pixels */
    double seconds[STAGE_TOTAL + 1];
    char warnings[PIPELINE_MAX_WARNINGS][256]; size_t n_warnings;
};

const char *pipeline_stage_name(enum pipeline_stage stage);

/* Runs every stage.  The files are complete in out_dir when it returns ERR_OK; after a failure some may
 * be there, incomplete: the caller discards the folder.  `request` is completed in place (defaults). */
enum err_code pipeline_run(const struct pipeline_env *env, struct pipeline_request *request,
                           struct pipeline_result *result, const struct job *job, struct err *e);

#endif

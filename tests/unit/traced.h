/* A small traced track for the tests of what comes after tracing.  The scan is the mask: geometry 1:1. */
#ifndef TESTS_UNIT_TRACED_H
#define TESTS_UNIT_TRACED_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/table.h"

enum { TRACED_ROWS = 200, TRACED_CURVES = 3 };

struct traced {
    struct layout layout;
    struct layout_track track;
    struct layout_curve curves[TRACED_CURVES];
    struct depth_line lines[2];
    struct trace traces[TRACED_CURVES];
    float x[TRACED_CURVES][TRACED_ROWS], confidence[TRACED_CURVES][TRACED_ROWS];
    int wrap[TRACED_CURVES][TRACED_ROWS];
    double left[TRACED_ROWS], right[TRACED_ROWS];
    struct table_track view;
};

/* Edges at columns 10 and 110; every curve on the left edge at row 0 and one column further per row, up to
 * the right edge at row 100, then back; depths `top` to `bottom` over rows 0 to 200. */
static inline void traced_make(struct traced *t, size_t n_curves, double top, double bottom)
{
    static const char *const names[TRACED_CURVES] = { "GR", "ILD", "NPHI" };
    memset(t, 0, sizeof *t);
    for (size_t k = 0; k < TRACED_CURVES; k++) {
        strcpy(t->curves[k].mnemonic, names[k]);
        t->curves[k].style = (enum curve_style)k;
        t->curves[k].right = 100;
        t->traces[k] = (struct trace){ t->x[k], t->confidence[k], t->wrap[k], TRACED_ROWS, t->curves[k].style };
        for (int y = 0; y < TRACED_ROWS; y++) {
            t->x[k][y] = (float)(10 + (y <= 100 ? y : 200 - y));
            t->confidence[k][y] = 0.75f;
        }
    }
    for (int y = 0; y < TRACED_ROWS; y++) {
        t->left[y] = 10;
        t->right[y] = 110;
    }
    strcpy(t->curves[0].unit, "GAPI");
    strcpy(t->curves[1].unit, "OHMM");
    t->curves[1].left = 0.2;
    t->curves[1].right = 2000;
    t->curves[1].scale = SCALE_LOG;
    t->curves[2].left = 0.45;
    t->curves[2].right = -0.15;
    t->track = (struct layout_track){ .x0 = 10, .x1 = 110, .curves = t->curves, .n_curves = n_curves };
    t->lines[0] = (struct depth_line){ 0, top };
    t->lines[1] = (struct depth_line){ TRACED_ROWS, bottom };
    t->layout = (struct layout){ .y0 = 0, .y1 = TRACED_ROWS, .depth_unit = DEPTH_FT, .depth_lines = t->lines,
                                 .n_depth_lines = 2, .tracks = &t->track, .n_tracks = 1 };
    t->view = (struct table_track){ &t->track, { 0, 0, 1, 1 }, t->left, t->right, t->traces };
}

#endif

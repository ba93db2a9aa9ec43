/* How paper and ink lie in a region of a scan, found from a few bands of its rows. */
#ifndef SERVER_NORMALISE_LEVELS_H
#define SERVER_NORMALISE_LEVELS_H

#include <stdbool.h>

#include "server/scan.h"

struct levels {
    bool negative;   /* white lines on black: the scan's ink is to be taken as 255 - ink */
    int paper;       /* ink of the paper, after that: median of many places */
    double reach;    /* how far the darkest lines go from the paper (0) to black (1) */
    double stroke;   /* mean thickness of the ink's lines, scan pixels; 0: hardly any ink */
};

/* Columns x0..x1-1, rows y0..y1-1.  Errors: the scan's, ERR_NO_MEMORY. */
enum err_code levels_probe(struct levels *out, struct scan *scan, int x0, int y0, int x1, int y1, struct err *e);

/* The paper's ink among pixels counted in a histogram of `total`: most of a track is paper, so it is the
 * 40th percentile, which grid, curves and text do not reach. */
int levels_paper(const unsigned histogram[256], unsigned total);

#endif

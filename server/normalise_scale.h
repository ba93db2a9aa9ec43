/* How large the network sees a scan: from the resolution that the file states, where that can be right, from the
 * tracks' widths and from how thick the lines are. */
#ifndef SERVER_NORMALISE_SCALE_H
#define SERVER_NORMALISE_SCALE_H

#include <stdbool.h>

#include "server/scan.h"

/* What is known of the region, in scan pixels; 0: not known. */
struct scale_hints {
    double narrow, wide;   /* the narrowest and the widest track */
    double stroke;         /* mean thickness of the ink's lines */
};

struct scale {
    double x, y;           /* network pixels per scan pixel */
    bool doubted;          /* the file states a resolution that was not believed */
};

/* For a network trained on scans of `dpi`. */
struct scale scale_choose(const struct scan_info *info, int dpi, const struct scale_hints *hints);

#endif

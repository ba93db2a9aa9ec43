/* How far the paper has moved sideways in each band, from all vertical lines together. */
#ifndef POSTPROC_EDGES_ALIGN_H
#define POSTPROC_EDGES_ALIGN_H

#include "base/err.h"
#include "postproc/edges_bands.h"

struct alignment {
    const struct bands *bands;
    int x0, x1;        /* the columns of the lines to follow, where the shift is 0; x1 exclusive */
    double *shift;     /* [bands->n]: columns to the right of where band 0's paper lies */
    float *support;    /* [bands->n]: how well the lines there agree with the page's, about 1 where they do */
    float *page;       /* [bands->columns]: the page's mean line response at shift 0, 0..1 */
    float line_level;  /* response of `page` from which a column holds a printed line */
};

/* Fills the arrays, which the caller allocated, and line_level. */
enum err_code align_bands(struct alignment *a, struct err *e);

/* The line response of a band at a fractional column, 0 outside. */
double align_sample(const struct bands *bands, int b, double x);

#endif

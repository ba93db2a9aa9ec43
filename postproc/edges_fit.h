/* Where the track's own borders lie in each band, given how the paper moved and where the user put them. */
#ifndef POSTPROC_EDGES_FIT_H
#define POSTPROC_EDGES_FIT_H

#include "base/err.h"
#include "postproc/edges_bands.h"

struct edge_fit {
    double left, right;                 /* as given */
    double *band_left, *band_right;     /* [bands->n], the caller's */
    double found;                       /* share of bands in which lines were seen; 0: edges are as given */
};

enum err_code edge_fit_bands(struct edge_fit *fit, const struct bands *bands, struct err *e);

#endif

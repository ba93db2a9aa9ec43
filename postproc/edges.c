#include "postproc/edges.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "postproc/edges_align.h"
#include "postproc/edges_bands.h"
#include "postproc/edges_fit.h"

static const double holds = 0.75;   /* px within which printed lines bear out the given edges */

struct edges {
    int rows, pushed;
    double left, right;
    struct bands bands;
    int *ink;    /* [columns]: of the band being filled */
    int *sums;   /* [columns + 1]: scratch */
};

enum err_code edges_create(struct edges **out, int rows, int columns, double left, double right, struct err *e)
{
    struct edges *edges = calloc(1, sizeof *edges);
    size_t size;

    if (!edges)
        return err_memory(e, "following the track's edges");
    edges->rows = rows;
    edges->left = left;
    edges->right = right;
    edges->bands.n = (rows + BAND_ROWS - 1) / BAND_ROWS;
    edges->bands.columns = columns;
    if (size_mul((size_t)edges->bands.n, (size_t)columns, &size))
        edges->bands.line = calloc(size, 1);
    edges->ink = calloc((size_t)columns, sizeof *edges->ink);
    edges->sums = calloc((size_t)columns + 1, sizeof *edges->sums);
    if (!edges->bands.line || !edges->ink || !edges->sums) {
        edges_free(edges);
        return err_memory(e, "following the track's edges");
    }
    *out = edges;
    return ERR_OK;
}

void edges_free(struct edges *edges)
{
    if (!edges)
        return;
    free(edges->bands.line);
    free(edges->ink);
    free(edges->sums);
    free(edges);
}

void edges_push(struct edges *edges, const uint8_t *ink)
{
    int band = edges->pushed / BAND_ROWS, filled, columns = edges->bands.columns;

    if (edges->pushed >= edges->rows)
        return;
    for (int x = 0; x < columns; x++)
        edges->ink[x] += ink[x];
    edges->pushed++;
    filled = edges->pushed - band * BAND_ROWS;
    if (filled < BAND_ROWS && edges->pushed < edges->rows)
        return;
    bands_response(edges->ink, filled, columns, edges->sums,
                   edges->bands.line + (size_t)band * (size_t)columns);
    memset(edges->ink, 0, (size_t)columns * sizeof *edges->ink);
}

/* Bands to rows, linear between the bands' middle rows. */
static void spread(const double *band, int bands, double *row, int rows)
{
    for (int y = 0; y < rows; y++) {
        double at = (y + 0.5) / BAND_ROWS - 0.5, f;
        int b = (int)floor(at);

        if (b < 0)
            b = 0;
        if (b > bands - 2)
            b = bands < 2 ? 0 : bands - 2;
        f = bands < 2 ? 0 : fmax(0, fmin(1, at - b));
        row[y] = band[b] + f * (bands < 2 ? 0 : band[b + 1] - band[b]);
    }
}

enum err_code edges_solve(struct edges *edges, double *left, double *right, double *drift, double *found, struct err *e)
{
    size_t n = (size_t)edges->bands.n;
    struct edge_fit fit = {.left = edges->left, .right = edges->right,
                           .band_left = calloc(n, sizeof(double)), .band_right = calloc(n, sizeof(double))};
    enum err_code rc = fit.band_left && fit.band_right ? ERR_OK : err_memory(e, "the track's edges");

    *drift = *found = 0;
    if (rc == ERR_OK)
        rc = edge_fit_bands(&fit, &edges->bands, e);
    if (rc == ERR_OK) {
        spread(fit.band_left, edges->bands.n, left, edges->rows);
        spread(fit.band_right, edges->bands.n, right, edges->rows);
        *found = fit.found;
        for (int y = 0; y < edges->rows; y++)
            *drift = fmax(*drift, fmax(fabs(left[y] - edges->left), fabs(right[y] - edges->right)));
    }
    if (*drift <= holds) {
        for (int y = 0; y < edges->rows; y++) {
            left[y] = edges->left;
            right[y] = edges->right;
        }
        *drift = 0;
    }
    free(fit.band_left);
    free(fit.band_right);
    return rc;
}

/* Chains of layers computed row by row over a strip of a window, so that no large map exists.
 *
 * Each node of a chain makes rows of one map.  Asking a node for a row makes it ask its sources for the
 * rows that this one needs; the last few rows are kept in a ring.  The halo of a strip follows from
 * that: the first row asked for decides where each source begins.  Rows outside the map are zeros (the
 * padding of every layer), columns outside it too.
 *
 * Layers may remember what they computed and copy it where the same input comes again (memo.h).
 *
 * A strip may be cut into bands of columns, so that the rings stay in the second-level cache; a band's
 * nodes span the columns that it needs, halo included. */
#ifndef NN_STRIP_H
#define NN_STRIP_H

#include <stdint.h>

#include "nn/map.h"
#include "nn/memo.h"
#include "nn/model.h"

enum node_kind {
    NODE_STORED,      /* rows of a map that is complete */
    NODE_STEM,        /* the first convolution, of the image */
    NODE_SEPARABLE,   /* a depthwise-separable layer */
    NODE_UPSAMPLE     /* the source at twice its size, plus the skip */
};

struct node {
    enum node_kind kind;
    int height, width, dim;          /* of the whole map */
    struct node *source, *skip;      /* the source of a stem is NULL, the skip may be */

    const struct separable *layer;   /* NODE_SEPARABLE */
    int stride;
    bool residual;                   /* add the source's row */

    int first, columns;              /* the band: columns first..first+columns-1 */
    float *ring;                     /* [ring_rows][ring_columns][dim], a column more at each side */
    int ring_rows, ring_columns;
    int next;                        /* the next row to be made; -1 before the first of a strip */

    struct map *map;                 /* NODE_STORED: what is read.  Else, if not NULL: where rows    */
    int keep0, keep1;                /* keep0..keep1-1 go, which are this strip's and no other's.    */

    uint64_t *identity;              /* [ring_rows][ring_columns] of a layer that remembers, else NULL: memo.h */
    struct memo memo;                /* of such a separable layer */
};

struct strip_image {
    const uint8_t *ink;   /* [height, width], rows `stride` bytes apart */
    size_t stride;
    int height, width;
};

enum { STRIP_MAX_NODES = 24 };

struct strip {
    const struct curvenet *net;
    struct strip_image image;
    struct node node[STRIP_MAX_NODES];
    int nodes;
    int band_columns;      /* full-resolution columns of a band */
    const float *zeros;    /* a row of zeros as wide as any */
    const uint64_t *no_identity;   /* the same */
    float *middle;         /* what lies between the two halves of a separable layer */
    float *work;           /* for gemm */
    uint8_t *ink[3];       /* rows of the image with its padding, */
    float *ink_value[3];   /* and as floats */
};

enum {
    STRIP_CHUNK = 96,      /* columns that pass between the halves of a layer at once: stays in the cache */
    STRIP_RING = 4,        /* three rows of a 3x3 filter, and the next */
    STRIP_SHARED_RING = 16 /* of a layer that has another reader up to nine rows behind */
};

/* Starts a chain whose memory comes from `arena`.  padded_width: the window's, a multiple of 32. */
void strip_begin(struct strip *strip, const struct curvenet *net, const struct strip_image *image, int padded_width,
                 int band_columns, struct arena *arena);

/* Nodes of the chain.  height and width are those of the whole padded window. */
struct node *strip_stored(struct strip *strip, struct map *map);
struct node *strip_stem(struct strip *strip, int height, int width, struct arena *arena);
struct node *strip_separable(struct strip *strip, struct node *source, const struct separable *layer, int stride,
                             bool residual, int ring_rows, struct arena *arena);
struct node *strip_upsample(struct strip *strip, struct node *source, struct node *skip, struct arena *arena);

/* Lets a separable layer remember.  Its source must be a stem or remember, too. */
void strip_remember(struct node *node, struct arena *arena);

/* Forgets the rows that were made and sets the band to what columns x0..x1-1 of `last` need. */
void strip_restart(struct strip *strip, struct node *last, int x0, int x1);

/* Row y of the node, whole, at its column `first - 1`; ascending from one call to the next since the restart. */
const float *strip_row(struct strip *strip, struct node *node, int y);

/* For the layers' arithmetic: where row y is or goes, at column first - 1. */
static inline float *strip_place(const struct node *n, int y)
{
    if (n->map && (n->kind == NODE_STORED || (y >= n->keep0 && y < n->keep1)))
        return map_row(n->map, y) + (size_t)n->first * (size_t)n->dim;
    return n->ring + (size_t)(y % n->ring_rows) * (size_t)n->ring_columns * (size_t)n->dim;
}

/* layer.c: makes row y of a stem or of a separable layer. */
void layer_row(struct strip *strip, struct node *node, int y);

#endif

#include "nn/strip.h"

#include <assert.h>
#include <string.h>

enum { BAND_HALO = 32 };   /* more columns than any chain's halo at the scale of the node */

static void *take_bytes(struct arena *arena, size_t bytes)
{
    return arena_take(arena, (bytes + sizeof(float) - 1) / sizeof(float));
}

void strip_begin(struct strip *s, const struct curvenet *net, const struct strip_image *image, int padded_width,
                 int band_columns, struct arena *arena)
{
    memset(s, 0, sizeof *s);
    s->net = net;
    s->image = *image;
    s->band_columns = band_columns;
    size_t dim = (size_t)net->info.dim, width = (size_t)padded_width + 2;
    float *zeros = arena_take(arena, width * dim);
    uint64_t *none = take_bytes(arena, width * sizeof *none);
    if (zeros) {
        memset(zeros, 0, width * dim * sizeof *zeros);
        memset(none, 0, width * sizeof *none);
    }
    s->zeros = zeros;
    s->no_identity = none;
    s->middle = arena_take(arena, STRIP_CHUNK * dim);
    s->work = arena_take(arena, kernels_gemm_work(net->info.dim, net->info.dim));
    for (int r = 0; r < 3; r++) {
        s->ink[r] = take_bytes(arena, width);
        s->ink_value[r] = arena_take(arena, width);
    }
}

static struct node *add_node(struct strip *s, enum node_kind kind, int height, int width)
{
    assert(s->nodes < STRIP_MAX_NODES);
    struct node *n = &s->node[s->nodes++];
    *n = (struct node){ .kind = kind, .height = height, .width = width, .dim = s->net->info.dim, .next = -1 };
    return n;
}

static void give_ring(struct strip *s, struct node *n, int rows, struct arena *arena)
{
    int columns = n->width < s->band_columns + BAND_HALO ? n->width : s->band_columns + BAND_HALO;
    n->ring_rows = rows;
    n->ring_columns = columns + 2;
    n->ring = arena_take(arena, (size_t)rows * (size_t)n->ring_columns * (size_t)n->dim);
}

static void give_identities(struct node *n, struct arena *arena)
{
    n->identity = take_bytes(arena, (size_t)n->ring_rows * (size_t)n->ring_columns * sizeof *n->identity);
}

void strip_remember(struct node *n, struct arena *arena)
{
    assert(n->kind == NODE_SEPARABLE);
    give_identities(n, arena);
    memo_create(&n->memo, n->dim, n->ring_columns, arena);
}

struct node *strip_stored(struct strip *s, struct map *map)
{
    struct node *n = add_node(s, NODE_STORED, map->height, map->width);
    n->map = map;
    return n;
}

struct node *strip_stem(struct strip *s, int height, int width, struct arena *arena)
{
    struct node *n = add_node(s, NODE_STEM, height / 2, width / 2);
    n->stride = 2;
    give_ring(s, n, STRIP_RING, arena);
    give_identities(n, arena);
    return n;
}

struct node *strip_separable(struct strip *s, struct node *source, const struct separable *layer, int stride,
                             bool residual, int ring_rows, struct arena *arena)
{
    struct node *n = add_node(s, NODE_SEPARABLE, source->height / stride, source->width / stride);
    n->source = source;
    n->layer = layer;
    n->stride = stride;
    n->residual = residual;
    give_ring(s, n, ring_rows, arena);
    return n;
}

struct node *strip_upsample(struct strip *s, struct node *source, struct node *skip, struct arena *arena)
{
    struct node *n = add_node(s, NODE_UPSAMPLE, source->height * 2, source->width * 2);
    n->source = source;
    n->skip = skip;
    give_ring(s, n, STRIP_RING, arena);
    return n;
}

/* Widens the node's band to hold columns x0..x1-1, and its sources' to what that needs. */
static void span(struct node *n, int x0, int x1)
{
    x0 = x0 < 0 ? 0 : x0;
    x1 = x1 > n->width ? n->width : x1;
    if (n->columns) {
        x0 = x0 < n->first ? x0 : n->first;
        x1 = x1 > n->first + n->columns ? x1 : n->first + n->columns;
    }
    n->first = x0;
    n->columns = x1 - x0;
    assert(n->kind == NODE_STORED || n->columns + 2 <= n->ring_columns);
    if (n->kind == NODE_SEPARABLE)
        span(n->source, x0 * n->stride - 1, (x1 - 1) * n->stride + 2);
    if (n->kind == NODE_UPSAMPLE)
        span(n->source, x0 / 2, (x1 + 1) / 2);
    if (n->skip)
        span(n->skip, x0, x1);
}

void strip_restart(struct strip *s, struct node *last, int x0, int x1)
{
    for (int i = 0; i < s->nodes; i++) {
        s->node[i].next = -1;
        s->node[i].columns = 0;
    }
    span(last, x0, x1);
}

static void upsample_row(struct strip *s, struct node *n, int y)
{
    size_t dim = (size_t)n->dim;
    const float *from = strip_row(s, n->source, y / 2) + (size_t)(n->first / 2 - n->source->first + 1) * dim;
    const float *skip = NULL;
    if (n->skip)
        skip = strip_row(s, n->skip, y) + (size_t)(n->first - n->skip->first + 1) * dim;
    s->net->kernels->upsample_add(strip_place(n, y) + dim, from, skip, n->first % 2, n->columns, n->dim);
}

/* Zeros beside the map, the padding of the next layer. */
static void pad_row(struct node *n, int y)
{
    float *row = strip_place(n, y);
    size_t dim = (size_t)n->dim;
    if (n->first == 0)
        memset(row, 0, dim * sizeof *row);
    if (n->first + n->columns == n->width)
        memset(row + (size_t)(n->columns + 1) * dim, 0, dim * sizeof *row);
}

const float *strip_row(struct strip *s, struct node *n, int y)
{
    if (y < 0 || y >= n->height)
        return s->zeros;
    if (n->kind == NODE_STORED)
        return strip_place(n, y);
    if (n->next < 0)
        n->next = y;
    assert(y > n->next - 1 - n->ring_rows);
    for (; n->next <= y; n->next++) {
        if (n->kind == NODE_UPSAMPLE)
            upsample_row(s, n, n->next);
        else
            layer_row(s, n, n->next);
        pad_row(n, n->next);
    }
    return strip_place(n, y);
}

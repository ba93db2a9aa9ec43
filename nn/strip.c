#include "nn/strip.h"

#include <assert.h>
#include <string.h>

enum {
    CHUNK = 96,         /* columns between the two halves of a separable layer: stays in the cache */
    BAND_HALO = 32,     /* more columns than any chain's halo at the scale of the node */
    SHORT_RING = 4      /* three rows of a 3x3 filter, and the next */
};

void strip_begin(struct strip *s, const struct curvenet *net, const struct strip_image *image, int padded_width,
                 int band_columns, struct arena *arena)
{
    memset(s, 0, sizeof *s);
    s->net = net;
    s->image = *image;
    s->band_columns = band_columns;
    size_t dim = (size_t)net->info.dim;
    int widest = net->info.head == HEAD_FULL ? padded_width : padded_width / 2;
    size_t zeros = ((size_t)widest + 2) * dim;
    float *z = arena_take(arena, zeros);
    if (z)
        memset(z, 0, zeros * sizeof *z);
    s->zeros = z;
    s->middle = arena_take(arena, CHUNK * dim);
    s->work = arena_take(arena, kernels_gemm_work(net->info.dim, net->info.dim));
}

static struct node *add_node(struct strip *s, enum node_kind kind, int height, int width, int dim)
{
    assert(s->nodes < STRIP_MAX_NODES);
    struct node *n = &s->node[s->nodes++];
    *n = (struct node){ .kind = kind, .height = height, .width = width, .dim = dim, .next = -1 };
    return n;
}

/* A ring of rows as wide as a band at the node's scale, which is padded_width / width. */
static void give_ring(struct strip *s, struct node *n, int rows, struct arena *arena)
{
    int columns = n->width < s->band_columns + BAND_HALO ? n->width : s->band_columns + BAND_HALO;
    n->ring_rows = rows;
    n->ring_floats = ((size_t)columns + 2) * (size_t)n->dim;
    n->ring = arena_take(arena, (size_t)rows * n->ring_floats);
}

struct node *strip_ink(struct strip *s, int height, int width, struct arena *arena)
{
    struct node *n = add_node(s, NODE_INK, height, width, 1);
    give_ring(s, n, SHORT_RING, arena);
    return n;
}

struct node *strip_stored(struct strip *s, struct map *map)
{
    struct node *n = add_node(s, NODE_STORED, map->height, map->width, map->dim);
    n->map = map;
    return n;
}

struct node *strip_stem(struct strip *s, struct node *ink, struct arena *arena)
{
    struct node *n = add_node(s, NODE_STEM, ink->height / 2, ink->width / 2, s->net->info.dim);
    n->source = ink;
    n->stride = 2;
    give_ring(s, n, SHORT_RING, arena);
    return n;
}

struct node *strip_separable(struct strip *s, struct node *source, const struct separable *layer, int stride,
                             bool residual, int ring_rows, struct arena *arena)
{
    struct node *n = add_node(s, NODE_SEPARABLE, source->height / stride, source->width / stride, source->dim);
    n->source = source;
    n->layer = layer;
    n->stride = stride;
    n->residual = residual;
    give_ring(s, n, ring_rows, arena);
    return n;
}

struct node *strip_upsample(struct strip *s, struct node *source, struct node *skip, struct arena *arena)
{
    struct node *n = add_node(s, NODE_UPSAMPLE, source->height * 2, source->width * 2, source->dim);
    n->source = source;
    n->skip = skip;
    give_ring(s, n, SHORT_RING, arena);
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
    assert(n->kind == NODE_STORED || ((size_t)n->columns + 2) * (size_t)n->dim <= n->ring_floats);
    if (n->kind == NODE_STEM || n->kind == NODE_SEPARABLE)
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

/* Where row y of the node is or goes, at column first - 1. */
static float *place(const struct node *n, int y)
{
    if (n->map && (n->kind == NODE_STORED || (y >= n->keep0 && y < n->keep1)))
        return map_row(n->map, y) + (size_t)n->first * (size_t)n->dim;
    return n->ring + (size_t)(y % n->ring_rows) * n->ring_floats;
}

/* Row y of the node at column x, which may be one left of its band. */
static const float *at(struct strip *s, struct node *n, int y, int x)
{
    return strip_row(s, n, y) + (size_t)(x - n->first + 1) * (size_t)n->dim;
}

static void make_ink(struct strip *s, const struct node *n, int y, float *to)
{
    int valid = y < s->image.height ? s->image.width - n->first : 0;
    if (valid > n->columns)
        valid = n->columns;
    const uint8_t *ink = s->image.ink + (size_t)y * s->image.stride + n->first;
    for (int i = 0; i < valid; i++)
        to[i] = (float)ink[i];
    for (int i = valid < 0 ? 0 : valid; i < n->columns; i++)
        to[i] = 0;
}

static void make_separable(struct strip *s, struct node *n, int y, float *to)
{
    const struct kernels *kn = s->net->kernels;
    const struct separable *l = n->layer;
    size_t dim = (size_t)n->dim;
    const float *row[3], *centre = NULL;
    for (int r = 0; r < 3; r++)
        row[r] = at(s, n->source, y * n->stride - 1 + r, n->first * n->stride - 1);
    if (n->residual)
        centre = row[1] + dim;
    for (int i = 0; i < n->columns; i += CHUNK) {
        int columns = n->columns - i < CHUNK ? n->columns - i : CHUNK;
        size_t in = (size_t)(i * n->stride) * dim, out = (size_t)i * dim;
        kn->depthwise(&(struct depthwise){ .row = { row[0] + in, row[1] + in, row[2] + in }, .w = l->dw,
                                           .bias = l->dw_bias, .y = s->middle, .columns = columns, .dim = n->dim,
                                           .stride = n->stride, .relu = true });
        kn->gemm(&(struct gemm){ .rows = (size_t)columns, .k = l->pw.k, .n = l->pw.n, .x = s->middle,
                                 .x_stride = dim, .w = l->pw.w, .bias = l->pw.bias,
                                 .add = centre ? centre + out : NULL, .add_stride = dim, .y = to + out,
                                 .y_stride = dim, .relu = true, .work = s->work });
    }
}

static void make_row(struct strip *s, struct node *n, int y)
{
    const struct kernels *kn = s->net->kernels;
    const float *row[3];
    float *to = place(n, y), *first = to + n->dim;
    switch (n->kind) {
    case NODE_INK:
        make_ink(s, n, y, first);
        break;
    case NODE_STEM:
        for (int r = 0; r < 3; r++)
            row[r] = at(s, n->source, 2 * y - 1 + r, 2 * n->first - 1);
        kn->stem(first, row, s->net->stem, s->net->stem_bias, n->columns, n->dim);
        break;
    case NODE_SEPARABLE:
        make_separable(s, n, y, first);
        break;
    case NODE_UPSAMPLE:
        row[0] = at(s, n->source, y / 2, n->first / 2);
        row[1] = n->skip ? at(s, n->skip, y, n->first) : NULL;
        kn->upsample_add(first, row[0], row[1], n->first % 2, n->columns, n->dim);
        break;
    case NODE_STORED:
        break;
    }
    size_t border = (size_t)n->dim * sizeof *to;
    if (n->first == 0)
        memset(to, 0, border);
    if (n->first + n->columns == n->width)
        memset(first + (size_t)n->columns * (size_t)n->dim, 0, border);
}

const float *strip_row(struct strip *s, struct node *n, int y)
{
    if (y < 0 || y >= n->height)
        return s->zeros;
    if (n->kind != NODE_STORED) {
        if (n->next < 0)
            n->next = y;
        assert(y > n->next - 1 - n->ring_rows);
        for (; n->next <= y; n->next++)
            make_row(s, n, n->next);
    }
    return place(n, y);
}

/* The vector kernels, written once over a few operations that the including file defines:
 *   VEC, LANES                 a vector of floats and how many it holds
 *   v_load, v_store, v_set1, v_add, v_sub, v_mul, v_max, v_min, v_fma(a, b, c) = a b + c
 *   v_round                    to the nearest whole number
 *   v_scale2(x, n)             x 2^n for whole n
 *   v_if_above(x, least, v)    v where x > least, else 0, whatever v is there
 *   v_div, v_hsum, v_hmax      v_hsum and v_hmax reduce to one float
 *   v_or, v_list_nonzero(v, k, list, n)   appends k + i to list[n...] for each element i of v that is not
 *                              zero, and returns the new n; may write LANES entries
 *   TILE_ROWS, PANEL_VECS      rows and vectors of the accumulators that fill the registers
 *   SPARSE_ROWS, SPARSE_PANELS the same for products that skip zeros, in panels of PANEL_VECS
 *   KERNELS_TABLE, KERNELS_LABEL
 * A file that includes this is compiled for its instruction set alone and called only where that exists. */
#include <math.h>
#include <string.h>

#include "nn/kernels.h"

#define INLINE static inline __attribute__((always_inline))
/* Arrays of vectors are registers only where every loop over them is unrolled. */
#define UNROLL _Pragma("GCC unroll 16")

_Static_assert(KERNELS_LANES % LANES == 0, "rows are padded to whole vectors");

/* One tile of a product: `rows` rows by `panels` panels of `vecs` vectors, kept in registers over all of k.
 * Every element is the same chain of fused multiply-adds whatever the tile's size.  A list names the
 * columns of x that are not zero in all of the rows; the others would add nothing. */
INLINE void gemm_tile(const struct gemm *g, const float *w, size_t first, size_t column, int rows, int panels,
                      int vecs, const int32_t *list, int count)
{
    enum { MOST = 24 / (SPARSE_ROWS < TILE_ROWS ? SPARSE_ROWS : TILE_ROWS) };
    VEC acc[TILE_ROWS][MOST];
    int wide = panels * vecs;
    size_t next_panel = (size_t)(vecs * LANES) * (size_t)g->k;
    const float *x = g->x + first * g->x_stride;
    UNROLL
    for (int v = 0; v < wide; v++) {
        VEC b = g->bias ? v_load(g->bias + column + v * LANES) : v_set1(0);
        UNROLL
        for (int i = 0; i < rows; i++)
            acc[i][v] = b;
    }
    for (int j = 0; j < count; j++) {
        size_t k = list ? (size_t)list[j] : (size_t)j;
        const float *wk = w + k * (size_t)(vecs * LANES);
        VEC b[MOST];
        UNROLL
        for (int v = 0; v < wide; v++)
            b[v] = v_load(wk + (size_t)(v / vecs) * next_panel + v % vecs * LANES);
        UNROLL
        for (int i = 0; i < rows; i++) {
            VEC a = v_set1(x[(size_t)i * g->x_stride + k]);
            UNROLL
            for (int v = 0; v < wide; v++)
                acc[i][v] = v_fma(a, b[v], acc[i][v]);
        }
    }
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int v = 0; v < wide; v++) {
            size_t at = column + (size_t)v * LANES;
            VEC r = acc[i][v];
            if (g->relu)
                r = v_max(r, v_set1(0));
            if (g->add)
                r = v_add(r, v_load(g->add + (first + (size_t)i) * g->add_stride + at));
            v_store(g->y + (first + (size_t)i) * g->y_stride + at, r);
        }
    }
}

/* A tile for every number of rows, so that the last of a panel run nearly as fast as the others. */
INLINE void gemm_rows(const struct gemm *g, const float *w, size_t first, size_t column, int rows, int vecs)
{
    switch (rows) {
#define TILE(n) case n: gemm_tile(g, w, first, column, n, 1, vecs, NULL, g->k); break
    TILE(1); TILE(2); TILE(3); TILE(4); TILE(5); TILE(6);
#if TILE_ROWS > 6
    TILE(7); TILE(8); TILE(9); TILE(10); TILE(11); TILE(12);
#endif
#undef TILE
    }
}

/* Likewise for the tiles that skip zeros. */
INLINE void sparse_rows(const struct gemm *g, const float *w, size_t first, size_t column, int rows, int panels,
                        const int32_t *list, int count)
{
    switch (rows) {
#define TILE(n) case n: gemm_tile(g, w, first, column, n, panels, PANEL_VECS, list, count); break
    TILE(1); TILE(2); TILE(3); TILE(4); TILE(5); TILE(6);
#undef TILE
    }
}

/* The columns of x that are not zero in all of the rows; returns how many. */
static int list_columns(const struct gemm *g, size_t first, int rows, int32_t *list)
{
    int n = 0, k = 0;
    const float *x = g->x + first * g->x_stride;
    for (; k + LANES <= g->k; k += LANES) {
        VEC any = v_load(x + k);
        for (int i = 1; i < rows; i++)
            any = v_or(any, v_load(x + (size_t)i * g->x_stride + k));
        n = v_list_nonzero(any, k, list, n);
    }
    for (; k < g->k; k++)
        list[n++] = k;
    return n;
}

enum { SPARSE_TILES = 16 };

/* Some rows of x, in tiles, with the columns that are worth multiplying in each. */
struct sparse_block {
    size_t first;
    int tiles, rows[SPARSE_TILES], count[SPARSE_TILES];
    const int32_t *list[SPARSE_TILES];
};

static void sparse_list(const struct gemm *g, size_t first, struct sparse_block *b)
{
    size_t end = g->rows - first < SPARSE_TILES * SPARSE_ROWS ? g->rows : first + SPARSE_TILES * SPARSE_ROWS;
    int32_t *list = (int32_t *)(void *)g->work;
    b->first = first;
    b->tiles = 0;
    for (size_t i = first; i < end; i += SPARSE_ROWS, list += g->k + LANES) {
        int rows = end - i < SPARSE_ROWS ? (int)(end - i) : SPARSE_ROWS;
        b->list[b->tiles] = list;
        b->rows[b->tiles] = rows;
        b->count[b->tiles++] = list_columns(g, i, rows, list);
    }
}

/* The block's part of one panel, or of several side by side: fewer rows to a tile find more zeros, and more
 * panels make up for them. */
INLINE void sparse_panels(const struct gemm *g, const struct sparse_block *b, size_t column, int panels)
{
    for (int t = 0; t < b->tiles; t++)
        sparse_rows(g, g->w + column * (size_t)g->k, b->first + (size_t)t * SPARSE_ROWS, column, b->rows[t], panels,
                    b->list[t], b->count[t]);
}

static void sparse_group(const struct gemm *g, const struct sparse_block *b, size_t column)
{
    sparse_panels(g, b, column, SPARSE_PANELS);
}

static void sparse_single(const struct gemm *g, const struct sparse_block *b, size_t column)
{
    sparse_panels(g, b, column, 1);
}

/* As many columns as whole panels hold; returns the first column that is left. */
static size_t gemm_sparse(const struct gemm *g, size_t n)
{
    size_t panel = PANEL_VECS * LANES, done = n / panel * panel;
    for (size_t i = 0; i < g->rows && done; i += SPARSE_TILES * SPARSE_ROWS) {
        struct sparse_block b;
        sparse_list(g, i, &b);
        size_t column = 0;
        for (; column + SPARSE_PANELS * panel <= done; column += SPARSE_PANELS * panel)
            sparse_group(g, &b, column);
        for (; column < done; column += panel)
            sparse_single(g, &b, column);
    }
    return done;
}

static void gemm_panel(const struct gemm *g, const float *w, size_t column)
{
    for (size_t i = 0; i < g->rows; i += TILE_ROWS)
        gemm_rows(g, w, i, column, g->rows - i < TILE_ROWS ? (int)(g->rows - i) : TILE_ROWS, PANEL_VECS);
}

#if PANEL_VECS * LANES > KERNELS_LANES
static void gemm_half_panel(const struct gemm *g, const float *w, size_t column)
{
    for (size_t i = 0; i < g->rows; i += TILE_ROWS)
        gemm_rows(g, w, i, column, g->rows - i < TILE_ROWS ? (int)(g->rows - i) : TILE_ROWS, PANEL_VECS / 2);
}
#endif

static void gemm(const struct gemm *g)
{
    size_t n = kernels_round((size_t)g->n), panel = PANEL_VECS * LANES;
    size_t column = g->sparse ? gemm_sparse(g, n) : 0;
    for (; column + panel <= n; column += panel)
        gemm_panel(g, g->w + column * (size_t)g->k, column);
#if PANEL_VECS * LANES > KERNELS_LANES
    if (column < n)
        gemm_half_panel(g, g->w + column * (size_t)g->k, column);
#endif
}

/* Columns first..first+count-1: the inputs of neighbouring columns are loaded once. */
INLINE void depthwise_group(const struct depthwise *d, int first, int count, int stride)
{
    size_t dim = (size_t)d->dim, from = (size_t)(first * stride) * dim, to = (size_t)first * dim;
    for (size_t c = 0; c < dim; c += LANES) {
        VEC acc[4];
        UNROLL
        for (int i = 0; i < count; i++)
            acc[i] = v_load(d->bias + c);
        UNROLL
        for (int r = 0; r < 3; r++) {
            const float *x = d->row[r] + from + c, *w = d->w + (size_t)(3 * r) * dim + c;
            VEC w0 = v_load(w), w1 = v_load(w + dim), w2 = v_load(w + 2 * dim);
            UNROLL
            for (int i = 0; i < count; i++) {
                const float *at = x + (size_t)(i * stride) * dim;
                acc[i] = v_fma(w0, v_load(at), acc[i]);
                acc[i] = v_fma(w1, v_load(at + dim), acc[i]);
                acc[i] = v_fma(w2, v_load(at + 2 * dim), acc[i]);
            }
        }
        UNROLL
        for (int i = 0; i < count; i++) {
            VEC v = d->relu ? v_max(acc[i], v_set1(0)) : acc[i];
            size_t at = to + (size_t)i * dim + c;
            v_store(d->y + at, d->add ? v_add(v, v_load(d->add + at)) : v);
        }
    }
}

static void depthwise(const struct depthwise *d)
{
    int i = 0;
    if (d->stride == 1)
        for (; i + 4 <= d->columns; i += 4)
            depthwise_group(d, i, 4, 1);
    else
        for (; i + 4 <= d->columns; i += 4)
            depthwise_group(d, i, 4, 2);
    for (; i < d->columns; i++)
        depthwise_group(d, i, 1, d->stride);
}

/* The channels of one vector keep their nine weights in registers over the whole row. */
static void stem(float *y, const float *const row[3], const float *w, const float *bias, int columns, int dim)
{
    for (int c = 0; c < dim; c += LANES) {
        VEC k[9], b = v_load(bias + c);
        UNROLL
        for (int t = 0; t < 9; t++)
            k[t] = v_load(w + t * dim + c);
        for (int i = 0; i < columns; i++) {
            VEC v = b;
            UNROLL
            for (int t = 0; t < 9; t++)
                v = v_fma(k[t], v_set1(row[t / 3][2 * i + t % 3]), v);
            v_store(y + (size_t)i * (size_t)dim + c, v_max(v, v_set1(0)));
        }
    }
}

static void upsample_add(float *y, const float *x, const float *skip, int phase, int columns, int dim)
{
    for (int i = 0; i < columns; i++) {
        const float *from = x + (size_t)((phase + i) / 2) * (size_t)dim;
        size_t at = (size_t)i * (size_t)dim;
        if (skip)
            for (int c = 0; c < dim; c += LANES)
                v_store(y + at + c, v_add(v_load(from + c), v_load(skip + at + c)));
        else
            memcpy(y + at, from, (size_t)dim * sizeof *y);
    }
}

static void layer_norm(float *y, const float *x, size_t rows, int dim, const float *gain, const float *bias)
{
    for (size_t r = 0; r < rows; r++, x += dim, y += dim) {
        VEC sum = v_set1(0), square = v_set1(0);
        for (int c = 0; c < dim; c += LANES)
            sum = v_add(sum, v_load(x + c));
        VEC mean = v_set1(v_hsum(sum) / (float)dim);
        for (int c = 0; c < dim; c += LANES) {
            VEC v = v_sub(v_load(x + c), mean);
            square = v_fma(v, v, square);
        }
        VEC scale = v_set1(1 / sqrtf(v_hsum(square) / (float)dim + 1e-5f));
        for (int c = 0; c < dim; c += LANES) {
            VEC v = v_mul(v_sub(v_load(x + c), mean), scale);
            v_store(y + c, v_fma(v, v_load(gain + c), v_load(bias + c)));
        }
    }
}

/* 2^x for -126 <= x <= 126, to about two units in the last place: a power of two times a minimax polynomial
 * of what remains. */
INLINE VEC v_exp2(VEC x)
{
    VEC n = v_round(x), r = v_sub(x, n);
    VEC p = v_set1(1.3264727335e-3f);
    p = v_fma(p, r, v_set1(9.6715128241e-3f));
    p = v_fma(p, r, v_set1(5.5507337445e-2f));
    p = v_fma(p, r, v_set1(2.4022242082e-1f));
    p = v_fma(p, r, v_set1(6.9314697760e-1f));
    p = v_fma(p, r, v_set1(1));
    return v_scale2(p, n);
}

/* x / (1 + exp(-2u)) is the tanh form: (1 + tanh u) / 2 is the logistic function of 2u. */
static void gelu(float *x, size_t n)
{
    const float a = -2 * 0.7978845608f * 1.4426950409f, b = a * 0.044715f;
    for (size_t i = 0; i < n; i += LANES) {
        VEC v = v_load(x + i);
        VEC u = v_mul(v, v_fma(v_mul(v, v), v_set1(b), v_set1(a)));
        VEC e = v_exp2(v_max(v_min(u, v_set1(126)), v_set1(-126)));
        v_store(x + i, v_div(v, v_add(v_set1(1), e)));
    }
}

/* Weights below 2^-40 of the largest count as zero: all of a window's together are below one rounding of
 * their sum, and zeros need not be multiplied. */
static void softmax(float *s, size_t stride, size_t rows, int keys, float *max, float *sum, float *o, size_t o_stride,
                    int o_columns)
{
    const float least = -40;
    int whole = (int)kernels_round((size_t)keys);
    for (size_t r = 0; r < rows; r++, s += stride, o += o_stride) {
        for (int i = keys; i < whole; i++)
            s[i] = -INFINITY;
        VEC most = v_load(s);
        for (int i = LANES; i < whole; i += LANES)
            most = v_max(most, v_load(s + i));
        float top = v_hmax(most);
        if (top < max[r] + least) {
            memset(s, 0, (size_t)whole * sizeof *s);
            continue;
        }
        if (top > max[r]) {
            float scale = exp2f(max[r] - top);
            for (int i = 0; i < o_columns; i += LANES)
                v_store(o + i, v_mul(v_load(o + i), v_set1(scale)));
            sum[r] *= scale;
            max[r] = top;
        }
        VEC total = v_set1(0), shift = v_set1(max[r]);
        for (int i = 0; i < whole; i += LANES) {
            VEC x = v_sub(v_load(s + i), shift);
            VEC p = v_if_above(x, v_set1(least), v_exp2(x));
            v_store(s + i, p);
            total = v_add(total, p);
        }
        sum[r] += v_hsum(total);
    }
}

const struct kernels KERNELS_TABLE = {
    .name = KERNELS_LABEL,
    .panel = PANEL_VECS * LANES,
    .gemm = gemm,
    .depthwise = depthwise,
    .stem = stem,
    .upsample_add = upsample_add,
    .layer_norm = layer_norm,
    .gelu = gelu,
    .softmax = softmax,
};

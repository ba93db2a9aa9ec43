/* Rows of the stem and of depthwise-separable layers. */
#include <assert.h>
#include <string.h>

#include "nn/strip.h"

/* The image's row y from column x on, with paper where there is no image. */
static void copy_ink(const struct strip_image *image, int y, int x, int columns, uint8_t *to)
{
    memset(to, 0, (size_t)columns);
    if (y < 0 || y >= image->height)
        return;
    int first = x < 0 ? -x : 0, end = image->width - x < columns ? image->width - x : columns;
    if (end > first)
        memcpy(to + first, image->ink + (size_t)y * image->stride + (x + first), (size_t)(end - first));
}

/* A row of the stem, and its pixels' identities. */
static void stem_row(struct strip *s, const struct node *n, int y, uint64_t *identity)
{
    int columns = 2 * n->columns + 1;
    for (int r = 0; r < 3; r++) {
        copy_ink(&s->image, 2 * y - 1 + r, 2 * n->first - 1, columns, s->ink[r]);
        for (int i = 0; i < columns; i++)
            s->ink_value[r][i] = (float)s->ink[r][i];
    }
    memo_identify_ink(identity, (const uint8_t *const[3]){ s->ink[0], s->ink[1], s->ink[2] }, n->columns);
    const float *const row[3] = { s->ink_value[0], s->ink_value[1], s->ink_value[2] };
    s->net->kernels->stem(strip_place(n, y) + n->dim, row, s->net->stem, s->net->stem_bias, n->columns, n->dim);
}

static void compute_depthwise(struct strip *s, const struct node *n, const float *const row[3], int first,
                              int columns, float *y)
{
    size_t in = (size_t)(first * n->stride) * (size_t)n->dim;
    s->net->kernels->depthwise(&(struct depthwise){ .row = { row[0] + in, row[1] + in, row[2] + in },
                                                    .w = n->layer->dw, .bias = n->layer->dw_bias, .y = y,
                                                    .columns = columns, .dim = n->dim, .stride = n->stride,
                                                    .relu = true });
}

static void compute_pointwise(struct strip *s, const struct node *n, size_t rows, const float *add, float *y)
{
    const struct linear *pw = &n->layer->pw;
    size_t dim = (size_t)n->dim;
    s->net->kernels->gemm(&(struct gemm){ .rows = rows, .k = pw->k, .n = pw->n, .x = s->middle, .x_stride = dim,
                                          .w = pw->w, .bias = pw->bias, .add = add, .add_stride = dim, .y = y,
                                          .y_stride = dim, .relu = true, .sparse = true, .work = s->work });
}

/* A whole row of a separable layer from its source's rows, each at the column left of the first centre. */
static void compute_row(struct strip *s, const struct node *n, const float *const row[3], float *y)
{
    size_t dim = (size_t)n->dim;
    const float *centre = n->residual ? row[1] + dim : NULL;
    for (int i = 0; i < n->columns; i += STRIP_CHUNK) {
        int columns = n->columns - i < STRIP_CHUNK ? n->columns - i : STRIP_CHUNK;
        size_t at = (size_t)i * dim;
        compute_depthwise(s, n, row, i, columns, s->middle);
        compute_pointwise(s, n, (size_t)columns, centre ? centre + at : NULL, y + at);
    }
}

static uint64_t *identity_row(const struct node *n, int y)
{
    return n->identity + (size_t)(y % n->ring_rows) * (size_t)n->ring_columns;
}

static void identify(struct strip *s, const struct node *n, int y, uint64_t *identity)
{
    const uint64_t *row[3];
    for (int r = 0; r < 3; r++) {
        int from = y * n->stride - 1 + r;
        bool outside = from < 0 || from >= n->source->height;
        row[r] = outside ? s->no_identity : identity_row(n->source, from) + (n->first * n->stride - n->source->first);
    }
    memo_identify(identity, row, n->columns, n->stride);
}

/* Computes the columns that the layer does not remember, into its list of fresh ones. */
static void compute_misses(struct strip *s, struct node *n, const float *const row[3])
{
    struct memo *m = &n->memo;
    size_t dim = (size_t)n->dim;
    int gathered = 0;
    for (int i = 0; i < m->misses;) {
        int run = 1;
        while (i + run < m->misses && gathered + run < STRIP_CHUNK && m->miss[i + run] == m->miss[i] + run)
            run++;
        compute_depthwise(s, n, row, m->miss[i], run, s->middle + (size_t)gathered * dim);
        i += run;
        gathered += run;
        if (gathered == STRIP_CHUNK || i == m->misses) {
            compute_pointwise(s, n, (size_t)gathered, NULL, m->fresh + (size_t)(i - gathered) * dim);
            gathered = 0;
        }
    }
    for (int i = 0; i < m->misses && n->residual; i++) {
        float *y = m->fresh + (size_t)i * dim;
        s->net->kernels->upsample_add(y, y, row[1] + (size_t)(m->miss[i] + 1) * dim, 0, 1, n->dim);
    }
}

void layer_row(struct strip *s, struct node *n, int y)
{
    float *to = strip_place(n, y) + n->dim;
    uint64_t *identity = NULL;
    if (n->identity) {
        identity = identity_row(n, y) + 1;
        identity[-1] = identity[n->columns] = 0;
    }
    if (n->kind == NODE_STEM) {
        stem_row(s, n, y, identity);
        return;
    }
    const float *row[3];
    for (int r = 0; r < 3; r++)
        row[r] = strip_row(s, n->source, y * n->stride - 1 + r) +
                 (size_t)(n->first * n->stride - n->source->first) * (size_t)n->dim;
    if (identity) {
        identify(s, n, y, identity);
        if (memo_look_up(&n->memo, identity, n->columns, to)) {
            compute_misses(s, n, row);
            memo_store(&n->memo, to);
            return;
        }
    }
    compute_row(s, n, row, to);
}

/* Plain C, the measure of all other kernels and what a processor without vector kernels runs. */
#include <math.h>
#include <string.h>

#include "nn/gemm.h"
#include "nn/kernels.h"

/* Always the same shape of product, and a small one: OpenBLAS rounds rows differently by where they stand in a block,
 * 0.3.20 in any block of more than four. */
static void gemm_tile(const struct gemm *g, size_t first, size_t rows)
{
    enum { TILE = KERNELS_GEMM_TILE };
    size_t k = (size_t)g->k, n = kernels_round((size_t)g->n);
    float *x = g->work, *y = g->work + TILE * k;
    for (size_t i = 0; i < rows; i++)
        memcpy(x + i * k, g->x + (first + i) * g->x_stride, k * sizeof *x);
    memset(x + rows * k, 0, (TILE - rows) * k * sizeof *x);
    gemm_product(TILE, (int)n, g->k, x, k, g->w, n, y, n);
    for (size_t i = 0; i < rows; i++) {
        const float *from = y + i * n, *add = g->add ? g->add + (first + i) * g->add_stride : NULL;
        float *to = g->y + (first + i) * g->y_stride;
        for (size_t j = 0; j < n; j++) {
            float v = from[j] + (g->bias ? g->bias[j] : 0);
            if (g->relu && !(v > 0))
                v = 0;
            to[j] = v + (add ? add[j] : 0);
        }
    }
}

static void gemm(const struct gemm *g)
{
    for (size_t i = 0; i < g->rows; i += KERNELS_GEMM_TILE)
        gemm_tile(g, i, g->rows - i < KERNELS_GEMM_TILE ? g->rows - i : KERNELS_GEMM_TILE);
}

static void depthwise(const struct depthwise *d)
{
    size_t dim = (size_t)d->dim;
    for (int i = 0; i < d->columns; i++)
        for (size_t c = 0; c < dim; c++) {
            float v = d->bias[c];
            for (int t = 0; t < 9; t++)
                v += d->w[(size_t)t * dim + c] * d->row[t / 3][(size_t)(i * d->stride + t % 3) * dim + c];
            if (d->relu && !(v > 0))
                v = 0;
            size_t at = (size_t)i * dim + c;
            d->y[at] = v + (d->add ? d->add[at] : 0);
        }
}

static void stem(float *y, const float *const row[3], const float *w, const float *bias, int columns, int dim)
{
    for (int i = 0; i < columns; i++)
        for (int c = 0; c < dim; c++) {
            float v = bias[c];
            for (int t = 0; t < 9; t++)
                v += w[t * dim + c] * row[t / 3][2 * i + t % 3];
            *y++ = v > 0 ? v : 0;
        }
}

static void upsample_add(float *y, const float *x, const float *skip, int phase, int columns, int dim)
{
    for (int i = 0; i < columns; i++)
        for (int c = 0; c < dim; c++) {
            size_t at = (size_t)i * (size_t)dim + (size_t)c;
            y[at] = x[(size_t)((phase + i) / 2) * (size_t)dim + (size_t)c] + (skip ? skip[at] : 0);
        }
}

static void layer_norm(float *y, const float *x, size_t rows, int dim, const float *gain, const float *bias)
{
    for (size_t r = 0; r < rows; r++, x += dim, y += dim) {
        float sum = 0, square = 0;
        for (int c = 0; c < dim; c++)
            sum += x[c];
        float mean = sum / (float)dim;
        for (int c = 0; c < dim; c++)
            square += (x[c] - mean) * (x[c] - mean);
        float scale = 1 / sqrtf(square / (float)dim + 1e-5f);
        for (int c = 0; c < dim; c++)
            y[c] = (x[c] - mean) * scale * gain[c] + bias[c];
    }
}

static void gelu(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float u = 0.7978845608f * (x[i] + 0.044715f * x[i] * x[i] * x[i]);
        x[i] = 0.5f * x[i] * (1 + tanhf(u));
    }
}

static void softmax(float *s, size_t stride, size_t rows, int keys, float *max, float *sum, float *o, size_t o_stride,
                    int o_columns)
{
    for (size_t r = 0; r < rows; r++, s += stride, o += o_stride) {
        float most = max[r], total = 0;
        for (int i = 0; i < keys; i++)
            most = s[i] > most ? s[i] : most;
        for (int i = 0; i < keys; i++)
            total += s[i] = exp2f(s[i] - most);
        for (size_t i = (size_t)keys; i < kernels_round((size_t)keys); i++)
            s[i] = 0;
        float scale = exp2f(max[r] - most);
        max[r] = most;
        sum[r] = sum[r] * scale + total;
        for (int i = 0; i < o_columns; i++)
            o[i] *= scale;
    }
}

const struct kernels kernels_reference = {
    .name = "ref",
    .panel = 0,
    .gemm = gemm,
    .depthwise = depthwise,
    .stem = stem,
    .upsample_add = upsample_add,
    .layer_norm = layer_norm,
    .gelu = gelu,
    .softmax = softmax,
};

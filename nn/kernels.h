/* The arithmetic of the engine, as a table of functions that is chosen once for the processor.
 *
 * Feature maps are channels-last: a row is [columns][dim] floats.  dim is a multiple of 16.  Every
 * result depends only on the values that it is made from, not on how many rows or columns one call
 * computes; that is what makes the network's answer the same bytes for every strip height. */
#ifndef NN_KERNELS_H
#define NN_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/cpu.h"

enum { KERNELS_LANES = 16, KERNELS_GEMM_TILE = 4, KERNELS_WORK_ROWS = 64 };

static inline size_t kernels_round(size_t n)
{
    return (n + KERNELS_LANES - 1) / KERNELS_LANES * KERNELS_LANES;
}

/* y = activation(x w + bias) + add, with x: [rows, k], w: [k, n] packed by kernels_pack, bias: [n],
 * add and y: [rows, n].  bias (zeros if NULL) and the rows of add (none if NULL) and y have room for
 * n rounded up to KERNELS_LANES; what y gets beyond n is without meaning.  add may be y. */
struct gemm {
    size_t rows;
    int k, n;
    const float *x;
    size_t x_stride;
    const float *w;
    const float *bias;
    const float *add;
    size_t add_stride;
    float *y;
    size_t y_stride;
    bool relu;
    bool sparse;   /* x is often zero in neighbouring rows at once, as after a ReLU: worth looking for */
    float *work;   /* kernels_gemm_work(k, n) floats */
};

/* One output row of a depthwise 3x3 convolution: y[i] = activation(bias + sum w x) + add[i].
 * row[r]: the input's rows, starting at the column left of the first output's centre. */
struct depthwise {
    const float *row[3];
    const float *w;      /* [9][dim] */
    const float *bias;   /* [dim] */
    const float *add;    /* [columns][dim], or NULL */
    float *y;            /* [columns][dim] */
    int columns, dim, stride;
    bool relu;
};

struct kernels {
    const char *name;
    int panel;   /* columns in a panel of a packed matrix; 0: all */

    void (*gemm)(const struct gemm *g);
    void (*depthwise)(const struct depthwise *d);

    /* The first convolution, 3x3 of one channel with stride 2, then ReLU.  row[r]: [2 * columns + 1]. */
    void (*stem)(float *y, const float *const row[3], const float *w, const float *bias, int columns, int dim);

    /* y[i] = x[(phase + i) / 2] + skip[i]: nearest-neighbour upsampling of a row; skip may be NULL. */
    void (*upsample_add)(float *y, const float *x, const float *skip, int phase, int columns, int dim);

    /* y = (x - mean) / sqrt(variance + 1e-5) * gain + bias over each row of [rows][dim]. */
    void (*layer_norm)(float *y, const float *x, size_t rows, int dim, const float *gain, const float *bias);

    /* GELU in its tanh form (Hendrycks and Gimpel 2016), in place; n is a multiple of KERNELS_LANES. */
    void (*gelu)(float *x, size_t n);

    /* One block of a running softmax (Milakov and Gimelshein 2018), in powers of two: scores are logarithms to
     * base 2.  s: [rows][stride], of which `keys` are scores, becomes 2^(s - max); what follows them up to a
     * multiple of KERNELS_LANES is overwritten.  max and sum: [rows], updated.  o: [rows][o_stride], what was
     * summed up before, is multiplied by what the change of max makes of it. */
    void (*softmax)(float *s, size_t stride, size_t rows, int keys, float *max, float *sum, float *o, size_t o_stride,
                    int o_columns);
};

/* The table for a level.  Never fails: a level that this build has no kernels for gives the reference. */
const struct kernels *kernels_choose(enum cpu_level level);

extern const struct kernels kernels_reference;
extern const struct kernels kernels_avx2;
extern const struct kernels kernels_avx512;
extern const struct kernels kernels_neon;

/* Floats that a packed [k, n] matrix takes. */
static inline size_t kernels_packed(int k, int n)
{
    return (size_t)k * kernels_round((size_t)n);
}

/* Packs w, whose element (i, j) is at w[i * k_stride + j * n_stride], with zeros beyond n. */
void kernels_pack(const struct kernels *kernels, float *packed, const float *w, size_t k_stride, size_t n_stride, int k,
                  int n);

/* The same in place, of w: [n][k] with n a multiple of KERNELS_LANES; scratch: kernels_pack_scratch floats. */
void kernels_pack_in_place(const struct kernels *kernels, float *w, int k, int n, float *scratch);

/* Floats of a panel. */
static inline size_t kernels_pack_scratch(const struct kernels *kernels, int k, int n)
{
    size_t columns = kernels_round((size_t)n), panel = (size_t)kernels->panel;
    return (size_t)k * (panel && panel < columns ? panel : columns);
}

/* Scratch floats that gemm may need. */
static inline size_t kernels_gemm_work(int k, int n)
{
    return KERNELS_WORK_ROWS * ((size_t)k + kernels_round((size_t)n));
}

#endif

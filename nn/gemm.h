/* Matrix products by OpenBLAS; gemm.c holds all calls to cblas. */
#ifndef NN_GEMM_H
#define NN_GEMM_H

#include <stddef.h>

/* c = a b with a: [m, k], b: [k, n], c: [m, n], rows the given strides apart.  Runs on the caller's
 * thread: OpenBLAS is told to start none of its own. */
void gemm_product(int m, int n, int k, const float *a, size_t a_stride, const float *b, size_t b_stride, float *c,
                  size_t c_stride);

#endif

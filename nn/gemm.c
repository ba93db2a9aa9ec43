#include "nn/gemm.h"

#include <cblas.h>
#include <pthread.h>

static void single_thread(void)
{
    openblas_set_num_threads(1);
}

void gemm_product(int m, int n, int k, const float *a, size_t a_stride, const float *b, size_t b_stride, float *c,
                  size_t c_stride)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, single_thread);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0f, a, (blasint)a_stride, b, (blasint)b_stride,
                0.0f, c, (blasint)c_stride);
}

#include "nn/kernels.h"

const struct kernels *kernels_choose(enum cpu_level level)
{
    switch (level) {
#if defined(__x86_64__)
    case CPU_AVX512:
        return &kernels_avx512;
    case CPU_AVX2:
        return &kernels_avx2;
#elif defined(__aarch64__)
    case CPU_NEON:
        return &kernels_neon;
#endif
    default:
        return &kernels_reference;
    }
}

void kernels_pack(const struct kernels *kernels, float *packed, const float *w, size_t k_stride, size_t n_stride, int k,
                  int n)
{
    int rounded = (int)kernels_round((size_t)n);
    int panel = kernels->panel ? kernels->panel : rounded;
    for (int j0 = 0; j0 < rounded; j0 += panel) {
        int width = rounded - j0 < panel ? rounded - j0 : panel;
        int valid = n - j0 < width ? n - j0 : width;
        for (int i = 0; i < k; i++) {
            const float *from = w + (size_t)i * k_stride + (size_t)j0 * n_stride;
            for (int j = 0; j < valid; j++)
                packed[j] = from[(size_t)j * n_stride];
            for (int j = valid; j < width; j++)
                packed[j] = 0;
            packed += width;
        }
    }
}

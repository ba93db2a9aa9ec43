#include "nn/kernels.h"

#include <string.h>

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

/* One panel, of `width` columns of which `valid` exist. */
static void pack_panel(float *packed, const float *w, size_t k_stride, size_t n_stride, int k, int width, int valid)
{
    for (int i = 0; i < k; i++, packed += width) {
        const float *from = w + (size_t)i * k_stride;
        for (int j = 0; j < valid; j++)
            packed[j] = from[(size_t)j * n_stride];
        for (int j = valid; j < width; j++)
            packed[j] = 0;
    }
}

void kernels_pack(const struct kernels *kernels, float *packed, const float *w, size_t k_stride, size_t n_stride, int k,
                  int n)
{
    int rounded = (int)kernels_round((size_t)n);
    int panel = kernels->panel ? kernels->panel : rounded;
    for (int j = 0; j < rounded; j += panel) {
        int width = rounded - j < panel ? rounded - j : panel;
        pack_panel(packed + (size_t)j * (size_t)k, w + (size_t)j * n_stride, k_stride, n_stride, k, width,
                   n - j < width ? n - j : width);
    }
}

void kernels_pack_in_place(const struct kernels *kernels, float *w, int k, int n, float *scratch)
{
    int panel = kernels->panel ? kernels->panel : n;
    for (int j = 0; j < n; j += panel) {
        int width = n - j < panel ? n - j : panel;
        float *at = w + (size_t)j * (size_t)k;   /* a panel's columns are one run of memory, before and after */
        pack_panel(scratch, at, 1, (size_t)k, k, width, width);
        memcpy(at, scratch, (size_t)width * (size_t)k * sizeof *w);
    }
}

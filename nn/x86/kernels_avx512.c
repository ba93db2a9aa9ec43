/* AVX-512: 12 rows by 2 vectors of accumulators in 32 registers. */
#if defined(__x86_64__)
#include <immintrin.h>

#define VEC __m512
#define LANES 16
#define TILE_ROWS 12
#define PANEL_VECS 2
#define SPARSE_ROWS 6
#define SPARSE_PANELS 2
#define KERNELS_TABLE kernels_avx512
#define KERNELS_LABEL "avx512"

#define v_load(p) _mm512_loadu_ps(p)
#define v_store(p, v) _mm512_storeu_ps(p, v)
#define v_set1(x) _mm512_set1_ps(x)
#define v_add(a, b) _mm512_add_ps(a, b)
#define v_sub(a, b) _mm512_sub_ps(a, b)
#define v_mul(a, b) _mm512_mul_ps(a, b)
#define v_div(a, b) _mm512_div_ps(a, b)
#define v_max(a, b) _mm512_max_ps(a, b)
#define v_min(a, b) _mm512_min_ps(a, b)
#define v_fma(a, b, c) _mm512_fmadd_ps(a, b, c)
#define v_round(a) _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
#define v_scale2(x, n) _mm512_scalef_ps(x, n)
#define v_hsum(v) _mm512_reduce_add_ps(v)
#define v_hmax(v) _mm512_reduce_max_ps(v)

#define v_or(a, b) _mm512_or_ps(a, b)

static inline int v_list_nonzero(__m512 v, int k, int32_t *list, int n)
{
    __mmask16 found = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_NEQ_UQ);
    __m512i index = _mm512_add_epi32(_mm512_set1_epi32(k), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
                                                                             13, 14, 15));
    _mm512_storeu_si512(list + n, _mm512_maskz_compress_epi32(found, index));
    return n + __builtin_popcount(found);
}

#define v_if_above(x, least, v) _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, least, _CMP_GT_OQ), v)

#include "nn/kernels_simd.h"
#else
typedef int kernels_avx512_elsewhere;
#endif

/* AVX2 with FMA: 6 rows by 2 vectors of accumulators in 16 registers. */
#if defined(__x86_64__)
#include <immintrin.h>

#define VEC __m256
#define LANES 8
#define TILE_ROWS 6
#define PANEL_VECS 2
#define SPARSE_ROWS 6
#define SPARSE_PANELS 1
#define KERNELS_TABLE kernels_avx2
#define KERNELS_LABEL "avx2"

#define v_load(p) _mm256_loadu_ps(p)
#define v_store(p, v) _mm256_storeu_ps(p, v)
#define v_set1(x) _mm256_set1_ps(x)
#define v_add(a, b) _mm256_add_ps(a, b)
#define v_sub(a, b) _mm256_sub_ps(a, b)
#define v_mul(a, b) _mm256_mul_ps(a, b)
#define v_div(a, b) _mm256_div_ps(a, b)
#define v_max(a, b) _mm256_max_ps(a, b)
#define v_min(a, b) _mm256_min_ps(a, b)
#define v_fma(a, b, c) _mm256_fmadd_ps(a, b, c)
#define v_round(a) _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)

/* Adds n to the exponent's bits. */
static inline __m256 v_scale2(__m256 x, __m256 n)
{
    __m256i bits = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), bits));
}

static inline float v_hsum(__m256 v)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

static inline float v_hmax(__m256 v)
{
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

#define v_or(a, b) _mm256_or_ps(a, b)

static inline int v_list_nonzero(__m256 v, int k, int32_t *list, int n)
{
    unsigned found = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_NEQ_UQ));
    for (; found; found &= found - 1)
        list[n++] = k + __builtin_ctz(found);
    return n;
}

#define v_if_above(x, least, v) _mm256_and_ps(_mm256_cmp_ps(x, least, _CMP_GT_OQ), v)

#include "nn/kernels_simd.h"
#else
typedef int kernels_avx2_elsewhere;
#endif

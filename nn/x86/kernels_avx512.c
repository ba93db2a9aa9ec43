/* AVX-512: 12 rows by 2 vectors of accumulators in 32 registers. */
#if defined(__x86_64__)
#include <immintrin.h>

#define VEC __m512
#define LANES 16
#define TILE_ROWS 12
#define PANEL_VECS 2
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

#include "nn/kernels_simd.h"
#else
typedef int kernels_avx512_elsewhere;
#endif

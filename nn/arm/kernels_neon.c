/* NEON: 6 rows by 4 vectors of accumulators in 32 registers. */
#if defined(__aarch64__)
#include <arm_neon.h>

#define VEC float32x4_t
#define LANES 4
#define TILE_ROWS 6
#define PANEL_VECS 4
#define SPARSE_ROWS 6
#define SPARSE_PANELS 1
#define KERNELS_TABLE kernels_neon
#define KERNELS_LABEL "neon"

#define v_load(p) vld1q_f32(p)
#define v_store(p, v) vst1q_f32(p, v)
#define v_set1(x) vdupq_n_f32(x)
#define v_add(a, b) vaddq_f32(a, b)
#define v_sub(a, b) vsubq_f32(a, b)
#define v_mul(a, b) vmulq_f32(a, b)
#define v_div(a, b) vdivq_f32(a, b)
#define v_max(a, b) vmaxq_f32(a, b)
#define v_min(a, b) vminq_f32(a, b)
#define v_fma(a, b, c) vfmaq_f32(c, a, b)
#define v_round(a) vrndnq_f32(a)
#define v_hsum(v) vaddvq_f32(v)
#define v_hmax(v) vmaxvq_f32(v)

/* Adds n to the exponent's bits. */
static inline float32x4_t v_scale2(float32x4_t x, float32x4_t n)
{
    int32x4_t bits = vshlq_n_s32(vcvtq_s32_f32(n), 23);
    return vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(x), bits));
}

#define v_or(a, b) \
    vreinterpretq_f32_u32(vorrq_u32(vreinterpretq_u32_f32(a), vreinterpretq_u32_f32(b)))

static inline int v_list_nonzero(float32x4_t v, int k, int32_t *list, int n)
{
    uint32_t bits[4];
    vst1q_u32(bits, vreinterpretq_u32_f32(v));
    for (int i = 0; i < 4; i++) {
        list[n] = k + i;
        n += (bits[i] & 0x7fffffffu) != 0;
    }
    return n;
}

#define v_if_above(x, least, v) \
    vreinterpretq_f32_u32(vandq_u32(vcgtq_f32(x, least), vreinterpretq_u32_f32(v)))

#include "nn/kernels_simd.h"
#else
typedef int kernels_neon_elsewhere;
#endif

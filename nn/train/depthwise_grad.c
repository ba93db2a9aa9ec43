/* Gradients of a depthwise 3x3 convolution with zero padding 1, for training on a CPU.
 * x: [n,h,w,channels], gy: [n,oh,ow,channels], both bfloat16, NHWC; w: [9,channels] float;
 * oh = (h - 1) / stride + 1, ow likewise. Python calls them through ctypes. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { MAX_CHANNELS = 1024, TAPS = 9 };

static const uint16_t zeros[MAX_CHANNELS];

static inline float widen(uint16_t h)
{
    uint32_t bits = (uint32_t)h << 16;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* To nearest, ties to even. */
static inline uint16_t narrow(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

/* The pixel of image a: [h,w,channels] at (y, x), zeros outside. */
static const uint16_t *pixel(const uint16_t *a, int h, int w, int channels, int y, int x)
{
    if (y < 0 || y >= h || x < 0 || x >= w)
        return zeros;
    return a + ((ptrdiff_t)y * w + x) * channels;
}

static void data_pixel(const uint16_t *const g[TAPS], const float *restrict weight, int channels,
                       uint16_t *restrict out)
{
    for (int c = 0; c < channels; c++) {
        float sum = 0;
        for (int t = 0; t < TAPS; t++)
            sum += widen(g[t][c]) * weight[t * channels + c];
        out[c] = narrow(sum);
    }
}

/* gx: [n,h,w,channels] */
int depthwise_grad_data(const uint16_t *gy, const float *weight, int n, int h, int w, int channels,
                        int stride, uint16_t *gx)
{
    if (channels < 1 || channels > MAX_CHANNELS)
        return 1;
    int oh = (h - 1) / stride + 1, ow = (w - 1) / stride + 1;
#pragma omp parallel for schedule(dynamic, 4)
    for (int row = 0; row < n * h; row++) {
        const uint16_t *image = gy + (ptrdiff_t)(row / h) * oh * ow * channels;
        int y = row % h;
        for (int x = 0; x < w; x++) {
            const uint16_t *g[TAPS];
            for (int t = 0; t < TAPS; t++) {
                int down = y + 1 - t / 3, right = x + 1 - t % 3;
                int between = down % stride != 0 || right % stride != 0;
                g[t] = between || down < 0 || right < 0
                           ? zeros
                           : pixel(image, oh, ow, channels, down / stride, right / stride);
            }
            data_pixel(g, weight, channels, gx + ((ptrdiff_t)row * w + x) * channels);
        }
    }
    return 0;
}

static void weight_pixel(const uint16_t *const x[TAPS], const uint16_t *restrict g, int channels,
                         float *restrict sums)
{
    for (int t = 0; t < TAPS; t++) {
        const uint16_t *tap = x[t];
        float *restrict s = sums + t * channels;
        for (int c = 0; c < channels; c++)
            s[c] += widen(g[c]) * widen(tap[c]);
    }
}

/* gw: [9,channels] */
int depthwise_grad_weight(const uint16_t *x, const uint16_t *gy, int n, int h, int w, int channels,
                          int stride, double *gw)
{
    if (channels < 1 || channels > MAX_CHANNELS)
        return 1;
    int oh = (h - 1) / stride + 1, ow = (w - 1) / stride + 1;
    memset(gw, 0, sizeof *gw * TAPS * (size_t)channels);
#pragma omp parallel for schedule(dynamic, 4)
    for (int row = 0; row < n * oh; row++) {
        float sums[TAPS * MAX_CHANNELS];
        memset(sums, 0, sizeof *sums * TAPS * (size_t)channels);
        const uint16_t *image = x + (ptrdiff_t)(row / oh) * h * w * channels;
        for (int ox = 0; ox < ow; ox++) {
            const uint16_t *taps[TAPS];
            for (int t = 0; t < TAPS; t++)
                taps[t] = pixel(image, h, w, channels, row % oh * stride + t / 3 - 1,
                                ox * stride + t % 3 - 1);
            weight_pixel(taps, gy + ((ptrdiff_t)row * ow + ox) * channels, channels, sums);
        }
#pragma omp critical
        for (int i = 0; i < TAPS * channels; i++)
            gw[i] += sums[i];
    }
    return 0;
}

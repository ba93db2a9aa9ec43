/* BatchNorm followed by ReLU, forward and backward, for training on a CPU: x: [rows,channels]
 * (an NHWC tensor), bfloat16. PyTorch's separate operations take longer than the convolutions
 * around them; these read every tensor once per pass. Python calls them through ctypes.
 * Ioffe and Szegedy 2015, "Batch Normalization", section 3. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { MAX_CHANNELS = 1024, BLOCK_ROWS = 128 };

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

/* sums: [2,channels]: of x and of x * x over the rows. */
int bn_sums(const uint16_t *restrict x, ptrdiff_t rows, int channels, double *restrict sums)
{
    if (channels < 1 || channels > MAX_CHANNELS)
        return 1;
    memset(sums, 0, sizeof *sums * 2 * (size_t)channels);
#pragma omp parallel for schedule(dynamic, 16)
    for (ptrdiff_t block = 0; block < rows; block += BLOCK_ROWS) {
        float s[MAX_CHANNELS], q[MAX_CHANNELS];
        memset(s, 0, sizeof *s * (size_t)channels);
        memset(q, 0, sizeof *q * (size_t)channels);
        ptrdiff_t end = block + BLOCK_ROWS < rows ? block + BLOCK_ROWS : rows;
        for (ptrdiff_t r = block; r < end; r++)
            for (int c = 0; c < channels; c++) {
                float v = widen(x[r * channels + c]);
                s[c] += v;
                q[c] += v * v;
            }
#pragma omp critical
        for (int c = 0; c < channels; c++) {
            sums[c] += s[c];
            sums[channels + c] += q[c];
        }
    }
    return 0;
}

/* y = max(0, x * scale + shift) */
void bn_relu(const uint16_t *restrict x, ptrdiff_t rows, int channels,
             const float *restrict scale, const float *restrict shift, uint16_t *restrict y)
{
#pragma omp parallel for schedule(dynamic, 1024)
    for (ptrdiff_t r = 0; r < rows; r++)
        for (int c = 0; c < channels; c++) {
            float v = widen(x[r * channels + c]) * scale[c] + shift[c];
            y[r * channels + c] = narrow(v > 0 ? v : 0);
        }
}

/* sums: [2,channels]: of g and of g * x over the rows, g the gradient where y is positive. */
int bn_relu_grad_sums(const uint16_t *restrict x, const uint16_t *restrict gy, ptrdiff_t rows,
                      int channels, const float *restrict scale, const float *restrict shift,
                      double *restrict sums)
{
    if (channels < 1 || channels > MAX_CHANNELS)
        return 1;
    memset(sums, 0, sizeof *sums * 2 * (size_t)channels);
#pragma omp parallel for schedule(dynamic, 16)
    for (ptrdiff_t block = 0; block < rows; block += BLOCK_ROWS) {
        float s[MAX_CHANNELS], q[MAX_CHANNELS];
        memset(s, 0, sizeof *s * (size_t)channels);
        memset(q, 0, sizeof *q * (size_t)channels);
        ptrdiff_t end = block + BLOCK_ROWS < rows ? block + BLOCK_ROWS : rows;
        for (ptrdiff_t r = block; r < end; r++)
            for (int c = 0; c < channels; c++) {
                float v = widen(x[r * channels + c]);
                float g = widen(gy[r * channels + c]);
                g = v * scale[c] + shift[c] > 0 ? g : 0;
                s[c] += g;
                q[c] += g * v;
            }
#pragma omp critical
        for (int c = 0; c < channels; c++) {
            sums[c] += s[c];
            sums[channels + c] += q[c];
        }
    }
    return 0;
}

/* gx = g * scale + x * a + b, g as above; a and b carry the statistics' own gradient. */
void bn_relu_grad(const uint16_t *restrict x, const uint16_t *restrict gy, ptrdiff_t rows,
                  int channels, const float *restrict scale, const float *restrict shift,
                  const float *restrict a, const float *restrict b, uint16_t *restrict gx)
{
#pragma omp parallel for schedule(dynamic, 1024)
    for (ptrdiff_t r = 0; r < rows; r++)
        for (int c = 0; c < channels; c++) {
            float v = widen(x[r * channels + c]);
            float g = widen(gy[r * channels + c]);
            g = v * scale[c] + shift[c] > 0 ? g : 0;
            gx[r * channels + c] = narrow(g * scale[c] + v * a[c] + b[c]);
        }
}

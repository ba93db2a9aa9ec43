#include "nn/mirror.h"

#include <math.h>
#include <stdlib.h>

#include "base/size.h"

struct mirror {
    int classes, height, width;
    float *logits;       /* [classes, height, width] */
};

static float *row_of(const struct mirror *m, int class, int y)
{
    return m->logits + ((size_t)class * (size_t)m->height + (size_t)y) * (size_t)m->width;
}

static enum err_code keep_mirrored(void *ctx, int y, int rows, const float *logits, size_t class_stride,
                                   size_t row_stride, struct err *e)
{
    const struct mirror *m = ctx;
    (void)e;
    for (int c = 0; c < m->classes; c++)
        for (int r = 0; r < rows; r++) {
            const float *from = logits + (size_t)c * class_stride + (size_t)r * row_stride;
            float *to = row_of(m, c, y + r);
            for (int x = 0; x < m->width; x++)
                to[m->width - 1 - x] = from[x];
        }
    return ERR_OK;
}

/* The odds against what a logit says. */
static float odds_against(float logit)
{
    enum { MOST = 30 };   /* further on, odds leave what a float holds */
    return expf(-fmaxf(fminf(logit, MOST), -MOST));
}

float curvenet_mean_look(float a, float b)
{
    enum { NOTHING = -6 };
    if (a < NOTHING && b < NOTHING)   /* as on most of the paper */
        return fmaxf(a, b);
    float against_a = odds_against(a), against_b = odds_against(b);
    float p = 1 / (1 + against_a), q = 1 / (1 + against_b);
    return logf((p + q) / (against_a * p + against_b * q));
}

static enum err_code keep_mean(void *ctx, int y, int rows, const float *logits, size_t class_stride,
                               size_t row_stride, struct err *e)
{
    const struct mirror *m = ctx;
    (void)e;
    for (int c = 0; c < m->classes; c++)
        for (int r = 0; r < rows; r++) {
            const float *from = logits + (size_t)c * class_stride + (size_t)r * row_stride;
            float *to = row_of(m, c, y + r);
            for (int x = 0; x < m->width; x++)
                to[x] = curvenet_mean_look(to[x], from[x]);
        }
    return ERR_OK;
}

static void turn(uint8_t *to, const uint8_t *ink, size_t stride, int height, int width)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            to[(size_t)y * (size_t)width + (size_t)x] = ink[(size_t)y * stride + (size_t)(width - 1 - x)];
}

enum err_code curvenet_forward_mirrored(const struct curvenet *net, struct pool *pool, const uint8_t *ink,
                                        size_t stride, int height, int width, float *logits, const struct job *job,
                                        struct err *e)
{
    struct mirror m = { .classes = curvenet_info(net)->classes, .height = height, .width = width, .logits = logits };
    struct job first = { .whole = job, .begin = 0, .end = 0.5 }, second = { .whole = job, .begin = 0.5, .end = 1 };
    size_t pixels;
    uint8_t *turned = size_mul((size_t)height, (size_t)width, &pixels) ? malloc(pixels) : NULL;
    if (!turned)
        return err_memory(e, "a window's mirror image");
    turn(turned, ink, stride, height, width);
    enum err_code code = curvenet_forward(net, pool, turned, (size_t)width, height, width, keep_mirrored, &m, &first, e);
    if (!code)
        code = curvenet_forward(net, pool, ink, stride, height, width, keep_mean, &m, &second, e);
    free(turned);
    return code;
}

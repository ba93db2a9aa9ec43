#include "nn/windows.h"

#include <stdlib.h>
#include <string.h>

#include "base/size.h"

int windows_rows(int max_rows, int columns)
{
    enum { PIXELS = 3200 * 640, MIN_ROWS = 2048, STEP = 32 };
    int rows = PIXELS / columns / STEP * STEP;
    if (rows < MIN_ROWS)
        rows = MIN_ROWS;
    return rows < max_rows ? rows : max_rows;
}

struct windows windows_plan(int rows, int max_rows, int overlap)
{
    struct windows w = { .rows = rows, .max_rows = max_rows, .overlap = overlap, .count = 1 };
    int step = max_rows - overlap;
    if (rows > max_rows)
        w.count = (rows - overlap + step - 1) / step;
    return w;
}

void windows_span(const struct windows *w, int k, int *y0, int *y1)
{
    *y0 = k * (w->max_rows - w->overlap);
    *y1 = w->rows - *y0 < w->max_rows ? w->rows : *y0 + w->max_rows;
}

struct window_blend {
    struct windows windows;
    int classes, width;
    curvenet_sink sink;
    void *sink_ctx;
    int y0, y1;                  /* the present window */
    int fade_end, hold_begin;    /* its first and last rows are shared with its neighbours */
    float *before, *after;       /* [classes][overlap][width]: held of the window before, and of this one */
};

enum err_code window_blend_create(struct window_blend **out, const struct windows *windows, int classes, int width,
                                  curvenet_sink sink, void *sink_ctx, struct err *e)
{
    struct window_blend *b = calloc(1, sizeof *b);
    if (!b)
        return err_memory(e, "the overlap of windows");
    *b = (struct window_blend){ .windows = *windows, .classes = classes, .width = width, .sink = sink,
                                .sink_ctx = sink_ctx };
    size_t floats;
    bool fits = size_mul((size_t)classes * (size_t)windows->overlap, (size_t)width, &floats);
    if (windows->count > 1 && windows->overlap > 0) {
        b->before = fits ? calloc(floats, sizeof *b->before) : NULL;
        b->after = fits ? calloc(floats, sizeof *b->after) : NULL;
        if (!b->before || !b->after) {
            window_blend_free(b);
            return err_memory(e, "the overlap of windows");
        }
    }
    *out = b;
    return ERR_OK;
}

void window_blend_free(struct window_blend *b)
{
    if (!b)
        return;
    free(b->before);
    free(b->after);
    free(b);
}

void window_blend_begin(struct window_blend *b, int k)
{
    windows_span(&b->windows, k, &b->y0, &b->y1);
    b->fade_end = k > 0 ? b->windows.overlap : 0;
    b->hold_begin = b->y1 - b->y0 - (k + 1 < b->windows.count ? b->windows.overlap : 0);
    float *t = b->before;
    b->before = b->after;
    b->after = t;
}

/* The overlap's row that a window's row is, in a held buffer. */
static float *held_row(const struct window_blend *b, float *held, int class, int row)
{
    return held + ((size_t)class * (size_t)b->windows.overlap + (size_t)row) * (size_t)b->width;
}

static void hold(struct window_blend *b, int y, int rows, const float *logits, size_t class_stride, size_t row_stride)
{
    for (int c = 0; c < b->classes; c++)
        for (int r = 0; r < rows; r++)
            memcpy(held_row(b, b->after, c, y - b->hold_begin + r),
                   logits + (size_t)c * class_stride + (size_t)r * row_stride, (size_t)b->width * sizeof *logits);
}

/* Mixes the rows into what was held, the new window's share growing from one end of the overlap to the other. */
static enum err_code fade(struct window_blend *b, int y, int rows, const float *logits, size_t class_stride,
                          size_t row_stride, struct err *e)
{
    for (int c = 0; c < b->classes; c++)
        for (int r = 0; r < rows; r++) {
            const float *from = logits + (size_t)c * class_stride + (size_t)r * row_stride;
            float *to = held_row(b, b->before, c, y + r);
            float share = (float)(y + r + 1) / (float)(b->windows.overlap + 1);
            for (int x = 0; x < b->width; x++)
                to[x] += share * (from[x] - to[x]);
        }
    return b->sink(b->sink_ctx, b->y0 + y, rows, held_row(b, b->before, 0, y),
                   (size_t)b->windows.overlap * (size_t)b->width, (size_t)b->width, e);
}

enum err_code window_blend_sink(void *ctx, int y, int rows, const float *logits, size_t class_stride,
                                size_t row_stride, struct err *e)
{
    struct window_blend *b = ctx;
    enum err_code code = ERR_OK;
    while (rows > 0 && !code) {
        int end = y < b->fade_end ? b->fade_end : y < b->hold_begin ? b->hold_begin : b->y1 - b->y0;
        int part = end - y < rows ? end - y : rows;
        if (y < b->fade_end)
            code = fade(b, y, part, logits, class_stride, row_stride, e);
        else if (y < b->hold_begin)
            code = b->sink(b->sink_ctx, b->y0 + y, part, logits, class_stride, row_stride, e);
        else
            hold(b, y, part, logits, class_stride, row_stride);
        logits += (size_t)part * row_stride;
        y += part;
        rows -= part;
    }
    return code;
}

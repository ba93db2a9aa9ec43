/* The decoder and the head, one chain from 1/32 to the logits.  The encoder's outputs at 1/2 and 1/4 are
 * computed again, from the image: they would fill most of the memory, and touching memory for the first
 * time costs as much as computing what goes there. */
#include "nn/forward.h"

enum { CHUNK = 96 };

struct chain {
    struct strip strip;
    struct node *last;      /* the map that the head reads */
    float *head;            /* [CHUNK][the head's outputs, padded] */
    float *logits;          /* [classes][rows of a strip][width of the image] */
    size_t class_stride;
};

static int last_level(const struct forward *f)
{
    return f->net->info.head == HEAD_FULL ? 0 : 1;
}

static struct forward_strips strips_of(const struct forward *f)
{
    return forward_strips(f, last_level(f), f->plan.strip_rows);
}

static void build(const struct forward *f, struct chain *c, struct arena *arena)
{
    const struct curvenet *net = f->net;
    struct strip *s = &c->strip;
    strip_begin(s, net, &f->image, f->width, f->plan.band_columns, arena);
    struct node *skip[5];
    skip[1] = forward_add_stage(f, s, NULL, 1, STRIP_SHARED_RING, arena);
    skip[2] = forward_add_stage(f, s, skip[1], 2, STRIP_RING, arena);
    skip[3] = strip_stored(s, (struct map *)&f->skip[3]);
    skip[4] = strip_stored(s, (struct map *)&f->skip[4]);
    struct node *n = strip_stored(s, (struct map *)&f->skip[5]);
    for (int level = 4; level >= 1; level--) {
        n = strip_upsample(s, n, skip[level], arena);
        n = strip_separable(s, n, &net->up[4 - level], 1, false, STRIP_RING, arena);
    }
    if (net->info.head == HEAD_FULL) {
        n = strip_upsample(s, n, NULL, arena);
        n = strip_separable(s, n, &net->up[4], 1, false, STRIP_RING, arena);
    }
    c->last = n;
    c->head = arena_take(arena, CHUNK * kernels_round((size_t)net->head.n));
    c->class_stride = (size_t)(strips_of(f).strip_rows << last_level(f)) * (size_t)f->image.width;
    c->logits = arena_take(arena, (size_t)net->info.classes * c->class_stride);
}

size_t decoder_scratch(const struct forward *f)
{
    struct chain c;
    struct arena count = { 0 };
    build(f, &c, &count);
    return count.used;
}

/* Puts one column's outputs where they belong: themselves, or 2x2 pixels a class (output k * 4 + dy * 2 + dx). */
static void place_logits(const struct forward *f, const struct chain *c, const float *v, int y, int x)
{
    int width = f->image.width;
    if (f->net->info.head == HEAD_FULL) {
        for (int k = 0; k < f->net->info.classes; k++)
            c->logits[(size_t)k * c->class_stride + (size_t)y * (size_t)width + (size_t)x] = v[k];
        return;
    }
    for (int k = 0; k < f->net->info.classes; k++, v += 4)
        for (int dy = 0; dy < 2; dy++) {
            float *to = c->logits + (size_t)k * c->class_stride + (size_t)(2 * y + dy) * (size_t)width + 2 * x;
            to[0] = v[2 * dy];
            if (2 * x + 1 < width)
                to[1] = v[2 * dy + 1];
        }
}

/* The head on one row of its map; y counts from the strip's first row. */
static void head_row(const struct forward *f, struct chain *c, const float *row, int y)
{
    const struct linear *head = &f->net->head;
    size_t dim = (size_t)head->k, stride = kernels_round((size_t)head->n);
    int first = c->last->first, end = first + c->last->columns;
    int used = last_level(f) ? (f->image.width + 1) / 2 : f->image.width;
    if (end > used)
        end = used;
    for (int x = first; x < end; x += CHUNK) {
        int columns = end - x < CHUNK ? end - x : CHUNK;
        f->net->kernels->gemm(&(struct gemm){ .rows = (size_t)columns, .k = head->k, .n = head->n,
                                              .x = row + (size_t)(x - first + 1) * dim, .x_stride = dim,
                                              .w = head->w, .bias = head->bias, .y = c->head, .y_stride = stride,
                                              .work = c->strip.work });
        for (int i = 0; i < columns; i++)
            place_logits(f, c, c->head + (size_t)i * stride, y, x + i);
    }
}

static enum err_code decode_strip(void *ctx, size_t task, int worker, struct err *e)
{
    struct forward *f = ctx;
    struct forward_strips strips = strips_of(f);
    struct chain c;
    struct arena *arena = &f->arena[worker];
    arena->used = 0;
    build(f, &c, arena);
    int level = last_level(f), y0 = (int)task * strips.strip_rows, y1 = y0 + strips.strip_rows;
    int used = level ? (f->image.height + 1) / 2 : f->image.height;
    if (y1 > used)
        y1 = used;
    if (y0 >= y1)
        return ERR_OK;
    int band = f->plan.band_columns >> level, done = atomic_fetch_add(&f->done, 1);
    for (int x = 0; x < c.last->width; x += band) {
        strip_restart(&c.strip, c.last, x, x + band);
        for (int y = y0; y < y1; y++)
            head_row(f, &c, strip_row(&c.strip, c.last, y), y - y0);
        enum err_code code = forward_step(f, worker, 0.5, 1, done, strips.count, e);
        if (code)
            return code;
    }
    int top = y0 << level, bottom = y1 << level;
    if (bottom > f->image.height)
        bottom = f->image.height;
    return f->sink(f->sink_ctx, top, bottom - top, c.logits, c.class_stride, (size_t)f->image.width, e);
}

enum err_code decoder_run(struct forward *f, struct err *e)
{
    atomic_store(&f->done, 0);
    return pool_run(f->pool, (size_t)strips_of(f).count, decode_strip, f, e);
}

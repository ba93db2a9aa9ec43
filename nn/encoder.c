/* The encoder, in two passes over strips: from the image to 1/8, and from there to 1/32.  One pass would
 * need a halo too tall. */
#include "nn/forward.h"

/* Strips of the second pass are taller: its rows are small. */
enum { FIRST_PASS = 3, LAST = 5, SECOND_STRIP = 4 };

/* Appends stages from..to; returns the last node.  The stages' outputs go to the maps that are kept. */
static struct node *add_stages(const struct forward *f, struct strip *s, struct node *n, int from, int to,
                               struct node *output[6], struct arena *arena)
{
    for (int level = from; level <= to; level++) {
        n = forward_add_stage(f, s, n, level, STRIP_RING, arena);
        if (f->skip[level].data)
            n->map = (struct map *)&f->skip[level];
        output[level] = n;
    }
    return n;
}

static struct node *build(const struct forward *f, struct strip *s, bool second, struct node *output[6],
                          struct arena *arena)
{
    strip_begin(s, f->net, &f->image, f->width, f->plan.band_columns, arena);
    if (!second)
        return add_stages(f, s, NULL, 1, FIRST_PASS, output, arena);
    struct node *from = strip_stored(s, (struct map *)&f->skip[FIRST_PASS]);
    return add_stages(f, s, from, FIRST_PASS + 1, LAST, output, arena);
}

size_t encoder_scratch(const struct forward *f)
{
    struct strip s;
    struct node *output[6];
    struct arena first = { 0 }, second = { 0 };
    build(f, &s, false, output, &first);
    build(f, &s, true, output, &second);
    return first.used > second.used ? first.used : second.used;
}

struct pass {
    struct forward *f;
    bool second;
    int level;                      /* of the last map */
    struct forward_strips strips;
};

static enum err_code encode_strip(void *ctx, size_t task, int worker, struct err *e)
{
    struct pass *p = ctx;
    struct forward *f = p->f;
    struct strip s;
    struct node *output[6] = { NULL };
    struct arena *arena = &f->arena[worker];
    arena->used = 0;
    struct node *last = build(f, &s, p->second, output, arena);
    int y0 = (int)task * p->strips.strip_rows, y1 = y0 + p->strips.strip_rows;
    if (y1 > p->strips.rows)
        y1 = p->strips.rows;
    for (int level = 1; level <= LAST; level++)
        if (output[level]) {
            output[level]->keep0 = y0 << (p->level - level);
            output[level]->keep1 = y1 << (p->level - level);
        }
    int band = f->plan.band_columns >> p->level, done = atomic_fetch_add(&f->done, 1);
    for (int x = 0; x < last->width; x += band) {
        strip_restart(&s, last, x, x + band);
        for (int y = y0; y < y1; y++)
            strip_row(&s, last, y);
        enum err_code code = p->second ? forward_step(f, worker, 0.35, 0.4, done, p->strips.count, e)
                                       : forward_step(f, worker, 0, 0.35, done, p->strips.count, e);
        if (code)
            return code;
    }
    return ERR_OK;
}

static enum err_code run_pass(struct forward *f, bool second, struct err *e)
{
    struct pass p = { .f = f, .second = second, .level = second ? LAST : FIRST_PASS };
    p.strips = forward_strips(f, p.level, second ? SECOND_STRIP * f->plan.strip_rows : f->plan.strip_rows);
    atomic_store(&f->done, 0);
    return pool_run(f->pool, (size_t)p.strips.count, encode_strip, &p, e);
}

enum err_code encoder_run(struct forward *f, struct err *e)
{
    enum err_code code = run_pass(f, false, e);
    return code ? code : run_pass(f, true, e);
}

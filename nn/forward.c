#include "nn/forward.h"

#include <stdlib.h>

enum {
    DEFAULT_STRIP = 256,
    DEFAULT_BAND = 1024,
    REMEMBERED = 2   /* layers at 1/2 and 1/4 remember (memo.h); further on, few pixels are alike */
};

struct forward_plan forward_default_plan(void)
{
    return (struct forward_plan){ .strip_rows = DEFAULT_STRIP, .band_columns = DEFAULT_BAND };
}

struct forward_strips forward_strips(const struct forward *f, int level, int strip_rows)
{
    struct forward_strips s = { .rows = f->height >> level };
    int threads = pool_threads(f->pool);
    int count = (f->height + strip_rows - 1) / strip_rows;
    count = (count + threads - 1) / threads * threads;
    if (count > s.rows)
        count = s.rows;
    s.strip_rows = (s.rows + count - 1) / count;
    s.count = (s.rows + s.strip_rows - 1) / s.strip_rows;
    return s;
}

struct node *forward_add_stage(const struct forward *f, struct strip *s, struct node *before, int level,
                               int ring_rows, struct arena *arena)
{
    struct node *n;
    if (level == 1)
        n = strip_stem(s, f->height, f->width, arena);
    else
        n = strip_separable(s, before, &f->net->down[level - 1], 2, false, STRIP_RING, arena);
    if (level > 1 && level <= REMEMBERED)
        strip_remember(n, arena);
    n = strip_separable(s, n, &f->net->block[level - 1], 1, true, ring_rows, arena);
    if (level <= REMEMBERED)
        strip_remember(n, arena);
    return n;
}

enum err_code forward_step(struct forward *f, int worker, double begin, double end, int done, int total,
                           struct err *e)
{
    if (worker == 0)
        job_progress(f->job, "network", begin + (end - begin) * done / total);
    return job_check(f->job, e);
}

static enum err_code create_maps(struct forward *f, struct err *e)
{
    enum err_code code = ERR_OK;
    for (int level = 3; level <= 5 && !code; level++)
        code = map_create(&f->skip[level], f->height >> level, f->width >> level, f->net->info.dim, e);
    return code;
}

static enum err_code create_arenas(struct forward *f, struct err *e)
{
    size_t floats = encoder_scratch(f);
    size_t other = bottleneck_scratch(f);
    floats = other > floats ? other : floats;
    other = decoder_scratch(f);
    floats = other > floats ? other : floats;
    int threads = pool_threads(f->pool);
    f->arena = calloc((size_t)threads, sizeof *f->arena);
    if (!f->arena)
        return err_memory(e, "scratch memory");
    enum err_code code = ERR_OK;
    for (int i = 0; i < threads && !code; i++)
        code = arena_create(&f->arena[i], floats, e);
    return code;
}

static void release(struct forward *f)
{
    for (int i = 0; f->arena && i < pool_threads(f->pool); i++)
        arena_free(&f->arena[i]);
    free(f->arena);
    for (int level = 3; level <= 5; level++)
        map_free(&f->skip[level]);
}

enum err_code forward_run(const struct curvenet *net, struct pool *pool, const struct forward_plan *plan,
                          const struct strip_image *image, curvenet_sink sink, void *sink_ctx, const struct job *job,
                          struct err *e)
{
    enum { MAX_SIDE = 1 << 18 };
    if (image->height < 1 || image->width < 1 || image->height > MAX_SIDE || image->width > MAX_SIDE)
        return err_set(e, ERR_INVALID, "A window of %d by %d pixels cannot be digitized.", image->height, image->width);
    struct forward f = { .net = net, .pool = pool, .job = job, .plan = *plan, .image = *image, .sink = sink,
                         .sink_ctx = sink_ctx };
    f.height = (image->height + 31) / 32 * 32;
    f.width = (image->width + 31) / 32 * 32;
    enum err_code code = create_maps(&f, e);
    if (!code)
        code = create_arenas(&f, e);
    if (!code)
        code = encoder_run(&f, e);
    if (!code)
        code = bottleneck_run(&f, e);
    if (!code)
        code = decoder_run(&f, e);
    release(&f);
    return code;
}

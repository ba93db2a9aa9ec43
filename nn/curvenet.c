#include "nn/curvenet.h"

#include <stdlib.h>

#include "nn/forward.h"

enum err_code curvenet_load(struct curvenet **out, const char *path, int threads, struct err *e)
{
    int64_t start = job_now_ns();
    enum cpu_level level;
    struct checkpoint cp;
    enum err_code code = cpu_detect(&level, getenv("CURVELOG_CPU"), e);
    if (!code)
        code = checkpoint_read(&cp, path, threads, e);
    if (code)
        return code;
    code = model_build(out, &cp, kernels_choose(level), threads, e);
    checkpoint_free(&cp);
    if (!code)
        (*out)->info.load_seconds = (double)(job_now_ns() - start) * 1e-9;
    return code;
}

enum err_code curvenet_forward(const struct curvenet *net, struct pool *pool, const uint8_t *ink, size_t stride,
                               int height, int width, curvenet_sink sink, void *sink_ctx, const struct job *job,
                               struct err *e)
{
    struct forward_plan plan = forward_default_plan();
    struct strip_image image = { .ink = ink, .stride = stride, .height = height, .width = width };
    return forward_run(net, pool, &plan, &image, sink, sink_ctx, job, e);
}

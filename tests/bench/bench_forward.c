/* bench_forward CHECKPOINT INK HEIGHT WIDTH THREADS RUNS [windows]: times forward passes of a scan, as one window
 * where the checkpoint allows or in windows as the server cuts it.
 *
 * INK holds [height, width] bytes and is not read for 0 runs.  Prints one JSON object: seconds of loading and of each run, processor
 * seconds of the runs, the floating-point operations that the network needs (not those done twice), and
 * the peak of resident memory. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "nn/windows.h"

static enum err_code discard(void *ctx, int y, int rows, const float *logits, size_t class_stride, size_t row_stride,
                             struct err *e)
{
    (void)ctx, (void)y, (void)rows, (void)logits, (void)class_stride, (void)row_stride, (void)e;
    return ERR_OK;
}

/* Operations of one window, a multiplication and an addition counted as two. */
static double operations(const struct curvenet_info *i, int height, int width)
{
    double h = (height + 31) / 32 * 32, w = (width + 31) / 32 * 32, pixels = h * w, dim = i->dim;
    double separable = 2 * dim * (9 + dim), sum = 0;
    for (int level = 1; level <= 5; level++) {
        double n = pixels / (double)(1 << 2 * level);
        sum += n * (level == 1 ? 2 * 9 * dim + separable : 2 * separable);
        sum += level < 5 ? n * separable : 0;
    }
    double tokens = pixels / 1024;
    sum += i->attention_layers * tokens * (2 * 9 * dim + 8 * dim * dim + 4 * dim * i->mlp + 4 * tokens * dim);
    if (i->head == HEAD_FULL)
        return sum + pixels * (separable + 2 * dim * i->classes);
    return sum + pixels / 4 * 2 * dim * 4 * i->classes;
}

/* One pass over the whole scan in windows of at most max_rows rows. */
static enum err_code pass(const struct curvenet *net, struct pool *pool, const unsigned char *ink, int height,
                          int width, int max_rows, struct err *e)
{
    const struct curvenet_info *info = curvenet_info(net);
    struct windows windows = windows_plan(height, max_rows, WINDOWS_OVERLAP);
    struct window_blend *blend;
    enum err_code code = window_blend_create(&blend, &windows, info->classes, width, discard, NULL, e);
    if (code)
        return code;
    for (int k = 0; k < windows.count && !code; k++) {
        int y0, y1;
        windows_span(&windows, k, &y0, &y1);
        window_blend_begin(blend, k);
        code = curvenet_forward(net, pool, ink + (size_t)y0 * (size_t)width, (size_t)width, y1 - y0, width,
                                window_blend_sink, blend, NULL, e);
    }
    window_blend_free(blend);
    return code;
}

/* The most memory that this process had at a time, in MB; getrusage would count what its parent had. */
static double peak_mb(void)
{
    char line[128];
    double kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmHWM: %lf", &kb) == 1)
            break;
    if (f)
        fclose(f);
    return kb / 1024;
}

static double cpu_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static unsigned char *read_ink(const char *path, size_t size)
{
    unsigned char *ink = malloc(size);
    FILE *f = fopen(path, "rb");
    if (ink && (!f || fread(ink, 1, size, f) != size)) {
        free(ink);
        ink = NULL;
    }
    if (f)
        fclose(f);
    return ink;
}

int main(int argc, char **argv)
{
    if (argc != 7 && argc != 8) {
        fprintf(stderr, "usage: bench_forward CHECKPOINT INK HEIGHT WIDTH THREADS RUNS [windows]\n");
        return 2;
    }
    struct err e;
    err_clear(&e);
    struct curvenet *net = NULL;
    struct pool *pool = NULL;
    int height = atoi(argv[3]), width = atoi(argv[4]), threads = atoi(argv[5]), runs = atoi(argv[6]), status = 1;
    unsigned char *ink = runs ? read_ink(argv[2], (size_t)height * (size_t)width) : NULL;
    if ((runs && !ink) || curvenet_load(&net, argv[1], threads, &e) || pool_create(&pool, threads, &e))
        goto out;
    printf("{\"load_s\": %.4f, \"operations\": %.4g, \"run_s\": [", curvenet_info(net)->load_seconds,
           operations(curvenet_info(net), height, width));
    int max_rows = curvenet_info(net)->max_rows;
    if (argc == 8)
        max_rows = windows_rows(max_rows, width);
    double cpu = cpu_seconds();
    for (int i = 0; i < runs; i++) {
        int64_t start = job_now_ns();
        if (pass(net, pool, ink, height, width, max_rows, &e))
            goto out;
        printf("%s%.4f", i ? ", " : "", (double)(job_now_ns() - start) * 1e-9);
        fflush(stdout);
    }
    printf("], \"cpu_s\": %.4f, \"peak_mb\": %.1f}\n", cpu_seconds() - cpu, peak_mb());
    status = 0;
out:
    if (status)
        fprintf(stderr, "bench_forward: %s\n", e.code ? e.text : "the image cannot be read");
    pool_free(pool);
    curvenet_free(net);
    free(ink);
    return status;
}

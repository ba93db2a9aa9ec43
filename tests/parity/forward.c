/* forward CHECKPOINT HEIGHT WIDTH INK LOGITS: one forward pass through the public interface.  INK holds
 * [height, width] bytes, LOGITS gets [classes, height, width] little-endian floats. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/curvenet.h"

struct answer {
    float *logits;
    size_t height, width;
    int classes;
};

static enum err_code store(void *ctx, int y, int rows, const float *logits, size_t class_stride, size_t row_stride,
                           struct err *e)
{
    (void)e;
    struct answer *a = ctx;
    for (int k = 0; k < a->classes; k++)
        for (int r = 0; r < rows; r++)
            memcpy(a->logits + ((size_t)k * a->height + (size_t)(y + r)) * a->width,
                   logits + (size_t)k * class_stride + (size_t)r * row_stride, a->width * sizeof *logits);
    return ERR_OK;
}

static int read_ink(const char *path, unsigned char *ink, size_t size)
{
    FILE *f = fopen(path, "rb");
    int ok = f && fread(ink, 1, size, f) == size;
    if (f)
        fclose(f);
    return ok;
}

static int write_logits(const char *path, const float *logits, size_t n)
{
    FILE *f = fopen(path, "wb");
    int ok = f && fwrite(logits, sizeof *logits, n, f) == n;
    return f && fclose(f) == 0 && ok;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: forward CHECKPOINT HEIGHT WIDTH INK LOGITS\n");
        return 2;
    }
    struct err e;
    err_clear(&e);
    struct curvenet *net = NULL;
    struct pool *pool = NULL;
    unsigned char *ink = NULL;
    struct answer a = { .height = strtoul(argv[2], NULL, 10), .width = strtoul(argv[3], NULL, 10) };
    int status = 1;
    if (curvenet_load(&net, argv[1], 2, &e) || pool_create(&pool, pool_cpu_limit(), &e))
        goto out;
    a.classes = curvenet_info(net)->classes;
    size_t pixels = a.height * a.width, values = pixels * (size_t)a.classes;
    ink = malloc(pixels);
    a.logits = malloc(values * sizeof *a.logits);
    if (!ink || !a.logits || !read_ink(argv[4], ink, pixels)) {
        fprintf(stderr, "forward: %s cannot be read\n", argv[4]);
        goto out;
    }
    if (curvenet_forward(net, pool, ink, a.width, (int)a.height, (int)a.width, store, &a, NULL, &e))
        goto out;
    if (!write_logits(argv[5], a.logits, values)) {
        fprintf(stderr, "forward: %s cannot be written\n", argv[5]);
        goto out;
    }
    status = 0;
out:
    if (e.code)
        fprintf(stderr, "forward: %s\n", e.text);
    pool_free(pool);
    curvenet_free(net);
    free(ink);
    free(a.logits);
    return status;
}

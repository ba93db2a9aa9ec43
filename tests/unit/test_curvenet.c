/* The forward pass: the same bytes however it is cut up, and what happens when it cannot go on.  That it is
 * the right function is the parity test's matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nn/forward.h"
#include "tests/unit/checkpoint_file.h"
#include "tests/unit/temp_dir.h"

static char dir[64], path[80];

enum { CLASSES = 2 };

struct answer {
    float *logits;      /* [CLASSES][height][width] */
    int height, width;
    int fail;
    atomic_int rows;
};

static enum err_code collect(void *ctx, int y, int rows, const float *logits, size_t class_stride, size_t row_stride,
                             struct err *e)
{
    struct answer *a = ctx;
    if (a->fail)
        return err_set(e, ERR_DISK_FULL, "The sink is full.");
    assert_true(y >= 0 && rows > 0 && y + rows <= a->height);
    atomic_fetch_add(&a->rows, rows);
    for (int c = 0; c < CLASSES; c++)
        for (int r = 0; r < rows; r++)
            memcpy(a->logits + ((size_t)c * (size_t)a->height + (size_t)(y + r)) * (size_t)a->width,
                   logits + (size_t)c * class_stride + (size_t)r * row_stride, (size_t)a->width * sizeof *logits);
    return ERR_OK;
}

/* Bilevel paper with a grid and a line, so that layers find much to copy, or noise. */
static uint8_t *make_ink(int height, int width, int noise)
{
    uint8_t *ink = calloc((size_t)height * (size_t)width, 1);
    assert_non_null(ink);
    uint32_t seed = 3;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            seed = seed * 1664525u + 1013904223u;
            int line = y % 20 == 0 || x % 20 == 0 || abs(x - width / 2 - (y * 7 % 31)) < 2;
            ink[y * width + x] = noise ? (uint8_t)(seed >> 24) : line ? 255 : 0;
        }
    return ink;
}

static struct curvenet *load(const struct checkpoint_file *spec, const char *mask)
{
    struct err e;
    err_clear(&e);
    checkpoint_file_write(path, spec);
    assert_int_equal(setenv("CURVELOG_CPU", mask, 1), 0);
    struct curvenet *net = NULL;
    if (curvenet_load(&net, path, 2, &e))
        fail_msg("%s", e.text);
    assert_true(curvenet_info(net)->load_seconds > 0);
    return net;
}

static float *run(const struct curvenet *net, int threads, int strip_rows, int band_columns, const uint8_t *ink,
                  int height, int width)
{
    struct err e;
    err_clear(&e);
    struct pool *pool;
    struct answer a = { .height = height, .width = width };
    a.logits = calloc((size_t)height * (size_t)width * CLASSES, sizeof *a.logits);
    assert_non_null(a.logits);
    assert_int_equal(pool_create(&pool, threads, &e), ERR_OK);
    struct forward_plan plan = { .strip_rows = strip_rows, .band_columns = band_columns };
    struct strip_image image = { .ink = ink, .stride = (size_t)width, .height = height, .width = width };
    if (forward_run(net, pool, &plan, &image, collect, &a, NULL, &e))
        fail_msg("%s", e.text);
    assert_int_equal(atomic_load(&a.rows), height);
    pool_free(pool);
    return a.logits;
}

static void the_answer_is_the_same_bytes_however_it_is_cut(void **state)
{
    (void)state;
    static const struct checkpoint_file specs[] = {
        { .dim = 32, .heads = 4, .mlp = 48, .layers = 2, .classes = CLASSES },
        { .dim = 48, .heads = 3, .mlp = 96, .layers = 1, .classes = CLASSES, .full = 1 },
    };
    static const int sizes[][2] = { { 1, 1 }, { 33, 47 }, { 300, 97 }, { 130, 333 } };
    static const int cuts[][3] = { { 1, 32, 32 }, { 2, 64, 64 }, { 3, 96, 1024 }, { 4, 160, 96 } };
    for (size_t i = 0; i < 2 * sizeof specs / sizeof *specs; i++) {
        struct curvenet *net = load(&specs[i / 2], i % 2 ? "ref" : "");
        for (size_t s = 0; s < 2 * sizeof sizes / sizeof *sizes; s++) {
            int height = sizes[s / 2][0], width = sizes[s / 2][1];
            size_t bytes = (size_t)height * (size_t)width * CLASSES * sizeof(float);
            uint8_t *ink = make_ink(height, width, s % 2);
            float *whole = run(net, 1, 1 << 14, 1 << 14, ink, height, width);
            for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
                float *cut = run(net, cuts[c][0], cuts[c][1], cuts[c][2], ink, height, width);
                assert_memory_equal(whole, cut, bytes);
                free(cut);
            }
            free(whole);
            free(ink);
        }
        curvenet_free(net);
    }
}

static void every_mask_gives_nearly_the_same(void **state)
{
    (void)state;
    const struct checkpoint_file spec = { .dim = 64, .heads = 2, .mlp = 64, .layers = 2, .classes = CLASSES };
    static const char *const masks[] = { "ref", "avx2", "avx512", "neon", "" };
    enum { H = 130, W = 70 };
    uint8_t *ink = make_ink(H, W, 0);
    float *reference = NULL;
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        struct curvenet *net = load(&spec, masks[i]);
        float *logits = run(net, 2, 64, 1024, ink, H, W);
        double largest = 0, difference = 0;
        for (size_t k = 0; reference && k < (size_t)H * W * CLASSES; k++) {
            largest = fmax(largest, fabs((double)reference[k]));
            difference = fmax(difference, fabs((double)reference[k] - (double)logits[k]));
        }
        assert_true(difference <= 1e-5 * largest);
        if (reference)
            free(logits);
        else
            reference = logits;
        curvenet_free(net);
    }
    free(reference);
    free(ink);
}

struct witness {
    double last;
    int calls, cancel_at;
    struct job *job;
};

static void watch(void *ctx, const char *stage, double fraction)
{
    struct witness *w = ctx;
    assert_string_equal(stage, "network");
    assert_true(fraction >= 0 && fraction <= 1);
    w->last = fraction;
    if (++w->calls == w->cancel_at)
        atomic_store(&w->job->cancelled, true);
}

static void a_pass_can_be_stopped(void **state)
{
    (void)state;
    const struct checkpoint_file spec = { .dim = 16, .heads = 1, .mlp = 16, .layers = 1, .classes = CLASSES };
    struct curvenet *net = load(&spec, "");
    enum { H = 2000, W = 64 };
    uint8_t *ink = make_ink(H, W, 0);
    struct err e;
    err_clear(&e);
    struct pool *pool;
    struct answer a = { .height = H, .width = W };
    a.logits = calloc((size_t)H * W * CLASSES, sizeof *a.logits);
    assert_non_null(a.logits);
    assert_int_equal(pool_create(&pool, 2, &e), ERR_OK);
    struct witness w = { 0 };
    struct job job = { .progress = watch, .progress_ctx = &w };
    w.job = &job;
    assert_int_equal(curvenet_forward(net, pool, ink, W, H, W, collect, &a, &job, &e), ERR_OK);
    assert_true(w.last > 0.5);
    int calls = w.calls;
    for (int at = 1; at <= calls / 2; at++) {
        w = (struct witness){ .cancel_at = at, .job = &job };
        atomic_store(&job.cancelled, false);
        err_clear(&e);
        enum err_code code = curvenet_forward(net, pool, ink, W, H, W, collect, &a, &job, &e);
        /* How many strips this thread takes, and so reports, differs from pass to pass. */
        assert_int_equal(code, w.calls < at ? ERR_OK : ERR_CANCELLED);
    }
    struct job late = { .deadline_ns = 1 };
    err_clear(&e);
    assert_int_equal(curvenet_forward(net, pool, ink, W, H, W, collect, &a, &late, &e), ERR_DEADLINE);
    a.fail = 1;
    err_clear(&e);
    assert_int_equal(curvenet_forward(net, pool, ink, W, H, W, collect, &a, NULL, &e), ERR_DISK_FULL);
    assert_string_equal(e.text, "The sink is full.");
    err_clear(&e);
    assert_int_equal(curvenet_forward(net, pool, ink, W, 0, W, collect, &a, NULL, &e), ERR_INVALID);
    pool_free(pool);
    free(a.logits);
    free(ink);
    curvenet_free(net);
    curvenet_free(NULL);
}

static void a_bad_mask_or_file_is_refused(void **state)
{
    (void)state;
    struct curvenet *net;
    struct err e;
    err_clear(&e);
    setenv("CURVELOG_CPU", "mmx", 1);
    assert_int_equal(curvenet_load(&net, path, 1, &e), ERR_UNAVAILABLE);
    setenv("CURVELOG_CPU", "", 1);
    err_clear(&e);
    assert_int_equal(curvenet_load(&net, "/nonexistent", 1, &e), ERR_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_is_the_same_bytes_however_it_is_cut),
        cmocka_unit_test(every_mask_gives_nearly_the_same),
        cmocka_unit_test(a_pass_can_be_stopped),
        cmocka_unit_test(a_bad_mask_or_file_is_refused),
    };
    temp_dir_make(dir);
    snprintf(path, sizeof path, "%s/x.safetensors", dir);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_remove(dir);
    return failed;
}

/* Every allocation of loading a checkpoint, starting a pool and a forward pass fails once: the call says
 * so, gives back what it held, and works when tried again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "nn/windows.h"
#include "tests/unit/checkpoint_file.h"
#include "tests/unit/temp_dir.h"

static char dir[64], path[80];
static atomic_long countdown = -1;   /* allocations that still succeed; -1: all do */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);

/* Once the count is down every allocation fails, as it does when memory is gone. */
static int is_gone(void)
{
    if (atomic_load(&countdown) > 0)
        atomic_fetch_sub(&countdown, 1);
    return atomic_load(&countdown) == 0;
}

void *__wrap_malloc(size_t size)
{
    return is_gone() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return is_gone() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return is_gone() ? NULL : __real_realloc(block, size);
}

static void *json_malloc(size_t size)
{
    return __wrap_malloc(size);
}

static enum err_code discard(void *ctx, int y, int rows, const float *logits, size_t class_stride, size_t row_stride,
                             struct err *e)
{
    (void)ctx, (void)y, (void)rows, (void)logits, (void)class_stride, (void)row_stride, (void)e;
    return ERR_OK;
}

static enum err_code digitize(struct err *e)
{
    enum { H = 600, W = 40 };
    static const uint8_t ink[H * W];
    struct curvenet *net = NULL;
    struct pool *pool = NULL;
    struct window_blend *blend = NULL;
    struct windows windows = windows_plan(H, 256, 64);
    enum err_code code = curvenet_load(&net, path, 2, e);
    if (!code)
        code = pool_create(&pool, 2, e);
    if (!code)
        code = window_blend_create(&blend, &windows, 2, W, discard, NULL, e);
    for (int k = 0; k < windows.count && !code; k++) {
        int y0, y1;
        windows_span(&windows, k, &y0, &y1);
        window_blend_begin(blend, k);
        code = curvenet_forward(net, pool, ink + y0 * W, W, y1 - y0, W, window_blend_sink, blend, NULL, e);
    }
    window_blend_free(blend);
    pool_free(pool);
    curvenet_free(net);
    return code;
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    const struct checkpoint_file spec = { .dim = 16, .heads = 2, .mlp = 16, .layers = 1, .classes = 2 };
    checkpoint_file_write(path, &spec);
    cJSON_Hooks hooks = { .malloc_fn = json_malloc, .free_fn = free };
    cJSON_InitHooks(&hooks);
    long granted = 1;
    for (;; granted++) {
        struct err e = { 0 };
        atomic_store(&countdown, granted);
        enum err_code code = digitize(&e);
        atomic_store(&countdown, -1);
        if (!code)
            break;
        /* A header that cannot be held in memory reads as one that cannot be read: both are answered 503. */
        if (code != ERR_NO_MEMORY && code != ERR_UNAVAILABLE)
            fail_msg("after %ld allocations: %d, %s", granted, code, e.text);
        assert_int_equal(e.code, code);
        assert_true(strlen(e.text) > 0);
        struct err again = { 0 };
        assert_int_equal(digitize(&again), ERR_OK);
    }
    assert_true(granted > 50);
    cJSON_InitHooks(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_allocation_may_fail) };
    temp_dir_make(dir);
    snprintf(path, sizeof path, "%s/x.safetensors", dir);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_remove(dir);
    return failed;
}

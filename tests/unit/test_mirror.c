/* A window seen twice: the mean of both looks, the same for a scan and its mirror image. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nn/mirror.h"
#include "tests/unit/checkpoint_file.h"
#include "tests/unit/temp_dir.h"

enum { CLASSES = 2, H = 150, W = 96, STRIDE = W + 5 };

static char dir[64], path[80];
static struct curvenet *net;
static struct pool *pool;

struct answer {
    float logits[CLASSES][H][W];
};

static enum err_code collect(void *ctx, int y, int rows, const float *logits, size_t class_stride, size_t row_stride,
                             struct err *e)
{
    struct answer *a = ctx;
    (void)e;
    for (int c = 0; c < CLASSES; c++)
        for (int r = 0; r < rows; r++)
            memcpy(a->logits[c][y + r], logits + (size_t)c * class_stride + (size_t)r * row_stride, sizeof a->logits[c][0]);
    return ERR_OK;
}

/* Ink that is not its own mirror image. */
static void draw(uint8_t ink[H][STRIDE], bool turned)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            ink[y][turned ? W - 1 - x : x] = (uint8_t)(y % 20 == 0 || abs(x - 30 - y / 3) < 2 ? 255 : 7 * x % 50);
}

static void see(bool mirrored, uint8_t ink[H][STRIDE], struct answer *a)
{
    struct err e;
    err_clear(&e);
    enum err_code code = mirrored ? curvenet_forward_mirrored(net, pool, ink[0], STRIDE, H, W, a->logits[0][0], NULL, &e)
                                  : curvenet_forward(net, pool, ink[0], STRIDE, H, W, collect, a, NULL, &e);
    if (code)
        fail_msg("%s", e.text);
}

static double probability(float logit)
{
    return 1 / (1 + exp(-(double)logit));
}

static void the_answer_is_the_mean_of_both_looks(void **state)
{
    (void)state;
    static uint8_t ink[H][STRIDE], turned[H][STRIDE];
    static struct answer straight, mirrored, both, both_turned;
    draw(ink, false);
    draw(turned, true);
    see(false, ink, &straight);
    see(false, turned, &mirrored);
    see(true, ink, &both);
    see(true, turned, &both_turned);
    int different = 0;
    for (int c = 0; c < CLASSES; c++)
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++) {
                float a = straight.logits[c][y][x], b = mirrored.logits[c][y][W - 1 - x];
                different += a != b;
                assert_true(fabs(probability(both.logits[c][y][x]) - (probability(a) + probability(b)) / 2) < 0.002);
                assert_true(both.logits[c][y][x] == both_turned.logits[c][y][W - 1 - x]);
            }
    assert_true(different > H * W);
}

static void rise(void *ctx, const char *stage, double fraction)
{
    double *last = ctx;
    assert_string_equal(stage, "network");
    assert_true(fraction >= *last && fraction <= 1);
    *last = fraction;
}

static void its_progress_is_that_of_one_pass(void **state)
{
    (void)state;
    static uint8_t ink[H][STRIDE];
    static struct answer a;
    double last = 0;
    struct err e;
    err_clear(&e);
    struct job job = { .progress = rise, .progress_ctx = &last };
    assert_int_equal(curvenet_forward_mirrored(net, pool, ink[0], STRIDE, H, W, a.logits[0][0], &job, &e), ERR_OK);
    assert_true(last > 0.6);
}

static void it_can_be_stopped(void **state)
{
    (void)state;
    static uint8_t ink[H][STRIDE];
    static struct answer a;
    struct err e;
    err_clear(&e);
    struct job job = { .cancelled = true };
    assert_int_equal(curvenet_forward_mirrored(net, pool, ink[0], STRIDE, H, W, a.logits[0][0], &job, &e), ERR_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_is_the_mean_of_both_looks),
        cmocka_unit_test(its_progress_is_that_of_one_pass),
        cmocka_unit_test(it_can_be_stopped),
    };
    const struct checkpoint_file spec = { .dim = 16, .heads = 2, .mlp = 16, .layers = 1, .classes = CLASSES };
    struct err e;
    temp_dir_make(dir);
    snprintf(path, sizeof path, "%s/x.safetensors", dir);
    checkpoint_file_write(path, &spec);
    if (curvenet_load(&net, path, 1, &e) || pool_create(&pool, 2, &e))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pool_free(pool);
    curvenet_free(net);
    temp_dir_remove(dir);
    return failed;
}

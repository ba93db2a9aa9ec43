#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nn/checkpoint.h"
#include "nn/corrector.h"
#include "tests/unit/checkpoint_file.h"
#include "tests/unit/temp_dir.h"

enum { FIRST = 48, SECOND = 32, N = 150 };

static char dir[64], path[80];
static float inputs[N][CORRECTOR_INPUTS];

static const struct checkpoint_file with = { .dim = 32, .heads = 4, .mlp = 48, .layers = 1, .classes = 2,
                                             .corrector = { FIRST, SECOND } };

/* Mostly zeros, as paper is. */
static void make_inputs(void)
{
    uint32_t seed = 5;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < CORRECTOR_INPUTS; k++) {
            seed = seed * 1664525u + 1013904223u;
            inputs[i][k] = seed >> 30 ? 0 : (float)(seed >> 8 & 0xffff) / 65536;
        }
}

static void layer(const struct checkpoint *cp, int number, const double *x, int k, int n, double *y)
{
    const float *w = checkpoint_values(cp, "corrector%d.weight", number);
    const float *bias = checkpoint_values(cp, "corrector%d.bias", number);
    for (int j = 0; j < n; j++) {
        y[j] = bias[j];
        for (int i = 0; i < k; i++)
            y[j] += (double)w[j * k + i] * x[i];
        if (number < 3 && y[j] < 0)
            y[j] = 0;
    }
}

static double expected(const struct checkpoint *cp, const float *x)
{
    static double in[CORRECTOR_INPUTS];
    double first[FIRST], second[SECOND], off;
    for (int k = 0; k < CORRECTOR_INPUTS; k++)
        in[k] = x[k];
    layer(cp, 1, in, CORRECTOR_INPUTS, FIRST, first);
    layer(cp, 2, first, FIRST, SECOND, second);
    layer(cp, 3, second, SECOND, 1, &off);
    return off;
}

static void it_is_three_layers_with_relu_between(void **state)
{
    (void)state;
    struct curvenet *net;
    struct checkpoint cp;
    struct err e = { 0 };
    float off[N];
    checkpoint_file_write(path, &with);
    assert_int_equal(checkpoint_read(&cp, path, 1, &e), ERR_OK);
    assert_int_equal(curvenet_load(&net, path, 1, &e), ERR_OK);
    assert_true(curvenet_corrects(net));
    assert_int_equal(curvenet_correct(net, inputs[0], N, off, &e), ERR_OK);
    for (int i = 0; i < N; i++)
        assert_true(fabs(off[i] - expected(&cp, inputs[i])) < 1e-3);
    assert_true(off[0] != off[1]);
    curvenet_free(net);
    checkpoint_free(&cp);
}

static void an_answer_depends_on_its_own_inputs_only(void **state)
{
    (void)state;
    struct curvenet *net;
    struct err e = { 0 };
    float all[N], one;
    checkpoint_file_write(path, &with);
    assert_int_equal(curvenet_load(&net, path, 1, &e), ERR_OK);
    assert_int_equal(curvenet_correct(net, inputs[0], N, all, &e), ERR_OK);
    for (int i = 0; i < N; i += 7) {
        assert_int_equal(curvenet_correct(net, inputs[i], 1, &one, &e), ERR_OK);
        assert_memory_equal(&one, &all[i], sizeof one);
    }
    curvenet_free(net);
}

static void a_checkpoint_may_have_none(void **state)
{
    (void)state;
    struct checkpoint_file without = with;
    struct curvenet *net;
    struct err e = { 0 };
    memset(without.corrector, 0, sizeof without.corrector);
    checkpoint_file_write(path, &without);
    assert_int_equal(curvenet_load(&net, path, 1, &e), ERR_OK);
    assert_false(curvenet_corrects(net));
    curvenet_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_three_layers_with_relu_between),
        cmocka_unit_test(an_answer_depends_on_its_own_inputs_only),
        cmocka_unit_test(a_checkpoint_may_have_none),
    };
    temp_dir_make(dir);
    snprintf(path, sizeof path, "%s/x.safetensors", dir);
    make_inputs();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_remove(dir);
    return failed;
}

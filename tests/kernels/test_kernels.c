/* Every table of kernels against the reference, for random shapes, under every mask of the processor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/kernels.h"

static const char *const masks[] = { "ref", "avx2", "avx512", "neon", "" };
enum { MASKS = sizeof masks / sizeof *masks };

static const struct kernels *table(int mask)
{
    struct err e;
    err_clear(&e);
    enum cpu_level level;
    assert_int_equal(cpu_detect(&level, masks[mask], &e), ERR_OK);
    return kernels_choose(level);
}

static unsigned seed = 1;
static int pick(int lo, int hi)
{
    seed = seed * 1103515245u + 12345u;
    return lo + (int)((seed >> 8) % (unsigned)(hi - lo + 1));
}

static float *random_floats(size_t n)
{
    float *v = malloc((n ? n : 1) * sizeof *v);
    assert_non_null(v);
    for (size_t i = 0; i < n; i++)
        v[i] = (float)pick(-1000, 1000) / 500.0f;
    return v;
}

static float *copy(const float *v, size_t n)
{
    float *c = malloc(n * sizeof *c);
    assert_non_null(c);
    memcpy(c, v, n * sizeof *c);
    return c;
}

/* Each row of `columns` out of `stride` floats. */
static void assert_close(const float *a, const float *b, size_t rows, size_t columns, size_t stride, float tolerance)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) {
            float x = a[r * stride + c], y = b[r * stride + c];
            if (!(fabsf(x - y) <= tolerance * (1 + fabsf(x))))
                fail_msg("row %zu column %zu: %g and %g", r, c, (double)x, (double)y);
        }
}

static void gemm_with(const struct kernels *kn, struct gemm g, const float *w, float *y)
{
    float *packed = malloc(kernels_packed(g.k, g.n) * sizeof *packed);
    float *work = malloc(kernels_gemm_work(g.k, g.n) * sizeof *work);
    assert_non_null(packed);
    assert_non_null(work);
    kernels_pack(kn, packed, w, (size_t)g.n, 1, g.k, g.n);
    g.w = packed;
    g.work = work;
    g.y = y;
    kn->gemm(&g);
    free(work);
    free(packed);
}

static void gemm_equals_the_definition(void **state)
{
    (void)state;
    for (int mask = 0; mask < MASKS; mask++)
        for (int trial = 0; trial < 40; trial++) {
            size_t rows = (size_t)pick(1, 150), wide;
            struct gemm g = { .rows = rows, .k = pick(1, 150), .n = pick(1, 150), .relu = pick(0, 1) };
            wide = kernels_round((size_t)g.n);
            g.sparse = pick(0, 1);
            g.x_stride = (size_t)(g.k + pick(0, 5));
            g.y_stride = g.add_stride = wide + (size_t)pick(0, 5);
            float *x = random_floats(rows * g.x_stride), *w = random_floats((size_t)(g.k * g.n));
            float *bias = random_floats(wide), *add = random_floats(rows * g.y_stride);
            float *y = random_floats(rows * g.y_stride), *expected = random_floats(rows * g.y_stride);
            for (int k = 0; k < g.k; k++)
                if (pick(0, 1))
                    for (size_t i = 0; i < rows; i++)
                        x[i * g.x_stride + (size_t)k] = pick(0, 20) ? 0 : 1;
            g.x = x;
            g.bias = pick(0, 3) ? bias : NULL;
            g.add = pick(0, 1) ? add : NULL;
            for (size_t i = 0; i < rows; i++)
                for (int j = 0; j < g.n; j++) {
                    double v = g.bias ? (double)bias[j] : 0;
                    for (int k = 0; k < g.k; k++)
                        v += (double)x[i * g.x_stride + (size_t)k] * (double)w[k * g.n + j];
                    if (g.relu && v < 0)
                        v = 0;
                    expected[i * g.y_stride + (size_t)j] = (float)v + (g.add ? add[i * g.y_stride + (size_t)j] : 0);
                }
            gemm_with(table(mask), g, w, y);
            assert_close(expected, y, rows, (size_t)g.n, g.y_stride, 1e-4f);
            free(x); free(w); free(bias); free(add); free(y); free(expected);
        }
}

/* The same bytes for a row alone, in place and among others: the network's answer rests on this. */
static void gemm_rows_do_not_depend_on_their_neighbours(void **state)
{
    (void)state;
    enum { ROWS = 131, K = 128, N = 144 };
    float *x = random_floats(ROWS * K), *w = random_floats(K * N), *bias = random_floats(N);
    float *all = random_floats(ROWS * N), *one = random_floats(N);
    for (size_t i = 0; i < ROWS * K; i++)
        x[i] = x[i] > 0 ? x[i] : 0;
    for (int trial = 0; trial < 2 * MASKS; trial++) {
        int mask = trial / 2;
        struct gemm g = { .rows = ROWS, .k = K, .n = N, .x = x, .x_stride = K, .bias = bias, .y_stride = N,
                          .sparse = trial % 2 };
        gemm_with(table(mask), g, w, all);
        for (size_t i = 0; i < ROWS; i++) {
            struct gemm single = g;
            single.rows = 1;
            single.x = x + i * K;
            gemm_with(table(mask), single, w, one);
            assert_memory_equal(one, all + i * N, N * sizeof *one);
        }
    }
    free(x); free(w); free(bias); free(all); free(one);
}

static void depthwise_equals_the_reference(void **state)
{
    (void)state;
    for (int mask = 0; mask < MASKS; mask++)
        for (int trial = 0; trial < 40; trial++) {
            struct depthwise d = { .columns = pick(1, 40), .dim = 16 * pick(1, 9), .stride = pick(1, 2),
                                   .relu = pick(0, 1) };
            size_t dim = (size_t)d.dim, in = (size_t)(d.stride * (d.columns - 1) + 3) * dim;
            size_t out = (size_t)d.columns * dim;
            float *x = random_floats(3 * in), *w = random_floats(9 * dim), *bias = random_floats(dim);
            float *add = random_floats(out), *y = random_floats(out), *expected = random_floats(out);
            for (int r = 0; r < 3; r++)
                d.row[r] = x + (size_t)r * in;
            d.w = w;
            d.bias = bias;
            d.add = pick(0, 1) ? add : NULL;
            d.y = expected;
            kernels_reference.depthwise(&d);
            d.y = y;
            table(mask)->depthwise(&d);
            assert_close(expected, y, 1, out, out, 1e-5f);
            /* Any part of a row alone gives the same bytes. */
            struct depthwise part = d;
            int first = pick(0, d.columns - 1);
            part.columns = pick(1, d.columns - first);
            for (int r = 0; r < 3; r++)
                part.row[r] += (size_t)(first * d.stride) * dim;
            part.add = d.add ? add + (size_t)first * dim : NULL;
            part.y = expected;
            table(mask)->depthwise(&part);
            assert_memory_equal(expected, y + (size_t)first * dim, (size_t)part.columns * dim * sizeof *y);
            free(x); free(w); free(bias); free(add); free(y); free(expected);
        }
}

static void stem_equals_the_reference(void **state)
{
    (void)state;
    for (int mask = 0; mask < MASKS; mask++)
        for (int trial = 0; trial < 20; trial++) {
            int columns = pick(1, 40), dim = 16 * pick(1, 9);
            size_t in = (size_t)(2 * columns + 1), out = (size_t)(columns * dim);
            float *x = random_floats(3 * in), *w = random_floats(9 * (size_t)dim), *bias = random_floats((size_t)dim);
            float *y = random_floats(out), *expected = random_floats(out);
            const float *const row[3] = { x, x + in, x + 2 * in };
            kernels_reference.stem(expected, row, w, bias, columns, dim);
            table(mask)->stem(y, row, w, bias, columns, dim);
            assert_close(expected, y, 1, out, out, 1e-5f);
            free(x); free(w); free(bias); free(y); free(expected);
        }
}

static void upsampling_repeats_each_column(void **state)
{
    (void)state;
    enum { DIM = 48, COLUMNS = 9 };
    float *x = random_floats(DIM * 6), *skip = random_floats(DIM * COLUMNS), *y = random_floats(DIM * COLUMNS);
    for (int mask = 0; mask < MASKS; mask++)
        for (int phase = 0; phase < 2; phase++)
            for (int with = 0; with < 2; with++) {
                table(mask)->upsample_add(y, x, with ? skip : NULL, phase, COLUMNS, DIM);
                for (int i = 0; i < COLUMNS; i++)
                    for (int c = 0; c < DIM; c++)
                        assert_true(y[i * DIM + c] ==
                                    x[(phase + i) / 2 * DIM + c] + (with ? skip[i * DIM + c] : 0));
            }
    free(x); free(skip); free(y);
}

static void normalising_and_activation_equal_the_reference(void **state)
{
    (void)state;
    for (int mask = 0; mask < MASKS; mask++)
        for (int trial = 0; trial < 20; trial++) {
            int dim = 16 * pick(1, 9);
            size_t rows = (size_t)pick(1, 20), n = rows * (size_t)dim;
            float *x = random_floats(n), *gain = random_floats((size_t)dim), *bias = random_floats((size_t)dim);
            float *y = random_floats(n), *expected = random_floats(n);
            kernels_reference.layer_norm(expected, x, rows, dim, gain, bias);
            table(mask)->layer_norm(y, x, rows, dim, gain, bias);
            assert_close(expected, y, rows, (size_t)dim, (size_t)dim, 1e-5f);
            for (size_t i = 0; i < n; i++)
                x[i] *= i % 7 ? 3 : 100;
            float *z = copy(x, n);
            kernels_reference.gelu(x, n);
            table(mask)->gelu(z, n);
            assert_close(x, z, rows, (size_t)dim, (size_t)dim, 1e-5f);
            free(x); free(gain); free(bias); free(y); free(expected); free(z);
        }
}

/* Two blocks one after the other are the softmax of both together. */
static void running_softmax_equals_the_definition(void **state)
{
    (void)state;
    enum { ROWS = 7, STRIDE = 64, OUT = 32 };
    for (int mask = 0; mask < MASKS; mask++)
        for (int trial = 0; trial < 20; trial++) {
            int keys[2] = { pick(1, STRIDE), pick(1, STRIDE) };
            float *s[2] = { random_floats(ROWS * STRIDE), random_floats(ROWS * STRIDE) };
            for (int i = 0; i < ROWS * STRIDE; i++)
                s[trial % 2][i] *= 30;
            float *scores[2] = { copy(s[0], ROWS * STRIDE), copy(s[1], ROWS * STRIDE) };
            float max[ROWS], sum[ROWS] = { 0 }, o[ROWS * OUT], before[ROWS];
            for (int i = 0; i < ROWS; i++)
                max[i] = -INFINITY;
            for (int i = 0; i < ROWS * OUT; i++)
                o[i] = 1;
            table(mask)->softmax(s[0], STRIDE, ROWS, keys[0], max, sum, o, OUT, OUT);
            memcpy(before, max, sizeof max);
            for (int i = 0; i < ROWS * OUT; i++)
                o[i] = 1;
            table(mask)->softmax(s[1], STRIDE, ROWS, keys[1], max, sum, o, OUT, OUT);
            for (int r = 0; r < ROWS; r++) {
                double total = 0;
                for (int b = 0; b < 2; b++)
                    for (int i = 0; i < keys[b]; i++)
                        total += exp2((double)scores[b][r * STRIDE + i] - (double)max[r]);
                assert_true(fabs(total - (double)sum[r]) < 1e-5 * total);
                for (int i = 0; i < keys[1]; i++)
                    assert_true(fabs(exp2((double)scores[1][r * STRIDE + i] - (double)max[r]) -
                                     (double)s[1][r * STRIDE + i]) < 1e-6);
                assert_true(fabs(exp2((double)before[r] - (double)max[r]) - (double)o[r * OUT + OUT - 1]) < 1e-6);
            }
            free(s[0]); free(s[1]); free(scores[0]); free(scores[1]);
        }
}

static void packing_in_place_equals_packing(void **state)
{
    (void)state;
    for (int mask = 0; mask < MASKS; mask++)
        for (int trial = 0; trial < 20; trial++) {
            const struct kernels *kn = table(mask);
            int k = pick(1, 100), n = KERNELS_LANES * pick(1, 9);
            float *w = random_floats((size_t)(k * n)), *packed = random_floats(kernels_packed(k, n));
            float *scratch = random_floats(kernels_pack_scratch(kn, k, n));
            kernels_pack(kn, packed, w, 1, (size_t)k, k, n);
            kernels_pack_in_place(kn, w, k, n, scratch);
            assert_memory_equal(packed, w, (size_t)(k * n) * sizeof *w);
            free(w); free(packed); free(scratch);
        }
}

static void unknown_mask_is_refused(void **state)
{
    (void)state;
    struct err e;
    err_clear(&e);
    enum cpu_level level;
    assert_int_equal(cpu_detect(&level, "mmx", &e), ERR_UNAVAILABLE);
    assert_non_null(strstr(e.text, "mmx"));
    err_clear(&e);
    assert_int_equal(cpu_detect(&level, "ref", &e), ERR_OK);
    assert_string_equal(kernels_choose(level)->name, "ref");
}

int main(void)
{
    printf("kernels of this processor: %s\n", table(MASKS - 1)->name);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gemm_equals_the_definition),
        cmocka_unit_test(gemm_rows_do_not_depend_on_their_neighbours),
        cmocka_unit_test(depthwise_equals_the_reference),
        cmocka_unit_test(stem_equals_the_reference),
        cmocka_unit_test(upsampling_repeats_each_column),
        cmocka_unit_test(normalising_and_activation_equal_the_reference),
        cmocka_unit_test(running_softmax_equals_the_definition),
        cmocka_unit_test(packing_in_place_equals_packing),
        cmocka_unit_test(unknown_mask_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

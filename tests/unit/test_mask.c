#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <malloc.h>

#include <cmocka.h>

#include "postproc/mask.h"

static struct mask *create(int classes, int rows, int columns)
{
    struct err e = {0};
    struct mask *mask = NULL;

    assert_int_equal(mask_create(&mask, classes, rows, columns, &e), ERR_OK);
    return mask;
}

static void test_values_come_back_quantised(void **state)
{
    struct err e = {0};
    struct mask *mask = create(2, 3, 8);
    float logits[2][2][10];   /* strides wider than the mask */
    uint8_t q[8];

    (void)state;
    for (int i = 0; i < 40; i++)
        (&logits[0][0][0])[i] = -20;
    logits[0][0][0] = 0;
    logits[0][0][1] = -4;          /* the floor itself is kept */
    logits[0][0][2] = -4.04f;      /* just under it is not */
    logits[0][0][7] = 100;
    logits[0][0][8] = 5;           /* beyond the columns */
    logits[1][1][4] = 1.5f;
    logits[1][1][5] = NAN;
    assert_int_equal(mask_put(mask, 1, 2, &(struct mask_logits){&logits[0][0][0], 20, 10, 8, 0, NULL}, &e), ERR_OK);

    mask_get(mask, 0, 1, q);
    assert_memory_equal(q, ((uint8_t[]){128, 64, 0, 0, 0, 0, 0, 255}), 8);
    mask_get(mask, 1, 2, q);
    assert_memory_equal(q, ((uint8_t[]){0, 0, 0, 0, 152, 0, 0, 0}), 8);
    mask_get(mask, 1, 1, q);
    assert_memory_equal(q, ((uint8_t[8]){0}), 8);
    mask_get(mask, 0, 0, q);      /* never stored */
    assert_memory_equal(q, ((uint8_t[8]){0}), 8);
    assert_int_equal(mask_classes(mask), 2);
    assert_int_equal(mask_rows(mask), 3);
    assert_int_equal(mask_columns(mask), 8);
    mask_free(mask);
}

static void test_rows_are_put_back_by_their_shift(void **state)
{
    enum { W = 6, ROWS = 5 };
    const int shift[ROWS] = {0, 2, -3, W, -W - 1};
    const uint8_t want[ROWS][W] = {{80, 96, 112, 128, 144, 160}, {0, 0, 80, 96, 112, 128}, {128, 144, 160, 0, 0, 0}};
    struct err e = {0};
    struct mask *mask = create(1, ROWS, W);
    float logits[ROWS][W];
    uint8_t q[W];

    (void)state;
    for (int y = 0; y < ROWS; y++)
        for (int x = 0; x < W; x++)
            logits[y][x] = (float)x - 3;
    assert_int_equal(mask_put(mask, 0, ROWS, &(struct mask_logits){&logits[0][0], ROWS * W, W, W, 0, shift}, &e), ERR_OK);
    for (int y = 0; y < ROWS; y++) {
        mask_get(mask, 0, y, q);
        assert_memory_equal(q, want[y], W);
    }
    mask_free(mask);
}

static void test_logits_of_a_part_of_the_columns_are_put_in_their_place(void **state)
{
    enum { W = 6, SEEN = 3, ROWS = 4 };
    const int shift[ROWS] = {0, 1, -3, 5};
    const uint8_t want[ROWS][W] = {{0, 0, 96, 112, 128, 0}, {0, 0, 0, 96, 112, 128}, {112, 128, 0, 0, 0, 0}};
    struct err e = {0};
    struct mask *mask = create(1, ROWS, W);
    float logits[ROWS][SEEN];
    uint8_t q[W];

    (void)state;
    for (int y = 0; y < ROWS; y++)
        for (int x = 0; x < SEEN; x++)
            logits[y][x] = (float)x - 2;
    assert_int_equal(mask_put(mask, 0, ROWS, &(struct mask_logits){&logits[0][0], ROWS * SEEN, SEEN, SEEN, 2, shift}, &e),
                     ERR_OK);
    for (int y = 0; y < ROWS; y++) {
        mask_get(mask, 0, y, q);
        assert_memory_equal(q, want[y], W);
    }
    mask_free(mask);
}

static void test_bars_longer_than_a_run_are_exact(void **state)
{
    enum { W = 2005 };
    struct err e = {0};
    struct mask *mask = create(1, 1, W);
    static float logits[W];
    static uint8_t q[W];

    (void)state;
    for (int x = 0; x < W; x++)
        logits[x] = x >= 100 && x < 600 ? 3.0f : -9.0f;
    assert_int_equal(mask_put(mask, 0, 1, &(struct mask_logits){logits, W, W, W, 0, NULL}, &e), ERR_OK);
    mask_get(mask, 0, 0, q);
    for (int x = 0; x < W; x++)
        assert_int_equal(q[x], x >= 100 && x < 600 ? 176 : 0);
    mask_free(mask);
}

static void test_crowded_rows_are_coarse_but_near(void **state)
{
    enum { W = 2005 };
    struct err e = {0};
    struct mask *mask = create(1, 1, W);
    static float logits[W];
    static uint8_t q[W];

    (void)state;
    for (int x = 0; x < W; x++)
        logits[x] = x < 7 ? -9.0f : (float)(x % 1000) / 125 - 3.5f;
    assert_int_equal(mask_put(mask, 0, 1, &(struct mask_logits){logits, W, W, W, 0, NULL}, &e), ERR_OK);
    mask_get(mask, 0, 0, q);
    for (int x = 0; x < W; x++) {
        float expect = fminf(logits[x] * MASK_SCALE + MASK_HALF, 255);

        if (x < 6)
            assert_int_equal(q[x], 0);
        else if (x > 7 && x % 1000 > 1)
            assert_true(fabsf((float)q[x] - expect) <= 14);
    }
    mask_free(mask);
}

static void test_tall_scans_stay_small(void **state)
{
    enum { W = 2005, ROWS = 139000, STRIP = 100 };
    struct err e = {0};
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd, used;
    struct mask *mask = create(3, ROWS, W);
    static float logits[3 * STRIP * W];

    (void)state;
    for (int i = 0; i < 3 * STRIP * W; i++)
        logits[i] = -9;
    for (int r = 0; r < 3 * STRIP; r++)
        for (int x = 0; x < 7; x++)
            logits[r * W + 300 + r + x] = 3 - fabsf((float)x - 3) * 2;
    for (int y = 0; y < ROWS; y += STRIP)
        assert_int_equal(mask_put(mask, y, STRIP, &(struct mask_logits){logits, STRIP * W, W, W, 0, NULL}, &e), ERR_OK);
    used = mallinfo2().uordblks + mallinfo2().hblkhd - before;
    assert_true(used < 30u << 20);
    mask_free(mask);
}

static void test_bad_sizes_are_refused(void **state)
{
    struct err e = {0};
    struct mask *mask = NULL;
    float logits[4] = {0};
    struct mask_logits none = {logits, 4, 0, 4, 0, NULL};

    (void)state;
    assert_int_equal(mask_create(&mask, 1, 10, 70000, &e), ERR_TOO_LARGE);
    err_clear(&e);
    assert_int_equal(mask_create(&mask, 1, 0, 10, &e), ERR_TOO_LARGE);
    err_clear(&e);
    mask = create(1, 2, 4);
    assert_int_equal(mask_put(mask, 1, 2, &none, &e), ERR_INTERNAL);
    err_clear(&e);
    assert_int_equal(mask_put(mask, -1, 1, &none, &e), ERR_INTERNAL);
    mask_free(mask);
    mask_free(NULL);
}

struct writer { struct mask *mask; int first; };

static void *write_rows(void *arg)
{
    struct writer *w = arg;
    struct err e = {0};
    float logits[16];

    for (int y = w->first; y < 4000; y += 4) {
        for (int x = 0; x < 16; x++)
            logits[x] = x == y % 16 ? 1.0f : -9.0f;
        if (mask_put(w->mask, y, 1, &(struct mask_logits){logits, 16, 16, 16, 0, NULL}, &e) != ERR_OK)
            return w;
    }
    return NULL;
}

static void test_threads_store_disjoint_rows(void **state)
{
    struct mask *mask = create(1, 4000, 16);
    struct writer w[4];
    pthread_t thread[4];
    uint8_t q[16];

    (void)state;
    for (int i = 0; i < 4; i++) {
        w[i] = (struct writer){mask, i};
        assert_int_equal(pthread_create(&thread[i], NULL, write_rows, &w[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *failed;

        pthread_join(thread[i], &failed);
        assert_null(failed);
    }
    for (int y = 0; y < 4000; y++) {
        mask_get(mask, 0, y, q);
        for (int x = 0; x < 16; x++)
            assert_int_equal(q[x], x == y % 16 ? 144 : 0);
    }
    mask_free(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_come_back_quantised),
        cmocka_unit_test(test_rows_are_put_back_by_their_shift),
        cmocka_unit_test(test_logits_of_a_part_of_the_columns_are_put_in_their_place),
        cmocka_unit_test(test_bars_longer_than_a_run_are_exact),
        cmocka_unit_test(test_crowded_rows_are_coarse_but_near),
        cmocka_unit_test(test_tall_scans_stay_small),
        cmocka_unit_test(test_bad_sizes_are_refused),
        cmocka_unit_test(test_threads_store_disjoint_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

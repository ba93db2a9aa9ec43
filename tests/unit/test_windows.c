#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/windows.h"

enum { WIDTH = 3, CLASSES = 2, MAX_ROWS = 256, OVERLAP = 64 };

static void windows_cover_every_row_and_start_at_fixed_rows(void **state)
{
    (void)state;
    for (int rows = 1; rows < 3000; rows++) {
        struct windows w = windows_plan(rows, MAX_ROWS, OVERLAP);
        int covered = 0;
        for (int k = 0; k < w.count; k++) {
            int y0, y1;
            windows_span(&w, k, &y0, &y1);
            assert_int_equal(y0, k * (MAX_ROWS - OVERLAP));
            assert_true(y0 % 32 == 0);
            assert_in_range(y1 - y0, 1, MAX_ROWS);
            if (k + 1 < w.count)
                assert_int_equal(y1 - y0, MAX_ROWS);
            if (k > 0) {
                assert_int_equal(covered - y0, OVERLAP);
                assert_true(y1 > covered);
            }
            covered = y1;
        }
        assert_int_equal(covered, rows);
        if (rows <= MAX_ROWS)
            assert_int_equal(w.count, 1);
    }
}

struct answer {
    int rows;
    int *seen;
    float *logits;      /* [CLASSES][rows][WIDTH] */
    int fail_at;
};

static enum err_code collect(void *ctx, int y, int rows, const float *logits, size_t class_stride, size_t row_stride,
                             struct err *e)
{
    struct answer *a = ctx;
    assert_true(rows > 0 && y >= 0 && y + rows <= a->rows);
    if (a->fail_at && y + rows > a->fail_at)
        return err_set(e, ERR_STORE, "The sink fails.");
    for (int r = 0; r < rows; r++) {
        a->seen[y + r]++;
        for (int c = 0; c < CLASSES; c++)
            memcpy(a->logits + (c * a->rows + y + r) * WIDTH, logits + (size_t)c * class_stride + (size_t)r * row_stride,
                   WIDTH * sizeof(float));
    }
    return ERR_OK;
}

/* The logit that window k gives at a row of the scan. */
static float value(int k, int class, int y, int x)
{
    return (float)(1000 * class + 100 * k + x) + (float)y / 4096;
}

/* Feeds window k in pieces of `piece` rows, the last piece first. */
static enum err_code feed(struct window_blend *blend, const struct windows *w, int k, int piece, struct err *e)
{
    int y0, y1;
    windows_span(w, k, &y0, &y1);
    window_blend_begin(blend, k);
    float *logits = malloc(sizeof *logits * CLASSES * (size_t)piece * WIDTH);
    assert_non_null(logits);
    enum err_code code = ERR_OK;
    for (int first = (y1 - y0 - 1) / piece * piece; first >= 0 && !code; first -= piece) {
        int rows = y1 - y0 - first < piece ? y1 - y0 - first : piece;
        for (int c = 0; c < CLASSES; c++)
            for (int r = 0; r < rows; r++)
                for (int x = 0; x < WIDTH; x++)
                    logits[(c * piece + r) * WIDTH + x] = value(k, c, y0 + first + r, x);
        code = window_blend_sink(blend, first, rows, logits, (size_t)piece * WIDTH, WIDTH, e);
    }
    free(logits);
    return code;
}

static void check_rows(const struct answer *a, const struct windows *w)
{
    int step = w->max_rows - w->overlap;
    for (int y = 0; y < a->rows; y++) {
        assert_int_equal(a->seen[y], 1);
        int last = y / step < w->count ? y / step : w->count - 1, into = y - last * step;
        float share = last > 0 && into < w->overlap ? (float)(into + 1) / (float)(w->overlap + 1) : 1;
        for (int c = 0; c < CLASSES; c++)
            for (int x = 0; x < WIDTH; x++) {
                float expected = value(last, c, y, x);
                if (share < 1)
                    expected = (1 - share) * value(last - 1, c, y, x) + share * expected;
                assert_true(fabsf(a->logits[(c * a->rows + y) * WIDTH + x] - expected) < 1e-2f);
            }
    }
}

static void rows_come_once_and_overlaps_are_faded(void **state)
{
    (void)state;
    const int heights[] = { 1, 255, 256, 257, 448, 449, 1000 }, pieces[] = { 16, 50, 300 };
    for (size_t h = 0; h < sizeof heights / sizeof *heights; h++)
        for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++)
            for (int overlap = 0; overlap <= OVERLAP; overlap += OVERLAP) {
                struct err e;
                err_clear(&e);
                struct windows w = windows_plan(heights[h], MAX_ROWS, overlap);
                struct answer a = { .rows = heights[h] };
                a.seen = calloc((size_t)a.rows, sizeof *a.seen);
                a.logits = calloc((size_t)a.rows * CLASSES * WIDTH, sizeof *a.logits);
                assert_true(a.seen && a.logits);
                struct window_blend *blend;
                assert_int_equal(window_blend_create(&blend, &w, CLASSES, WIDTH, collect, &a, &e), ERR_OK);
                for (int k = 0; k < w.count; k++)
                    assert_int_equal(feed(blend, &w, k, pieces[p], &e), ERR_OK);
                check_rows(&a, &w);
                window_blend_free(blend);
                free(a.seen);
                free(a.logits);
            }
}

static void failure_of_the_sink_is_passed_up(void **state)
{
    (void)state;
    struct err e;
    err_clear(&e);
    struct windows w = windows_plan(600, MAX_ROWS, OVERLAP);
    struct answer a = { .rows = 600, .fail_at = 1 };
    struct window_blend *blend;
    assert_int_equal(window_blend_create(&blend, &w, CLASSES, WIDTH, collect, &a, &e), ERR_OK);
    assert_int_equal(feed(blend, &w, 0, 50, &e), ERR_STORE);
    window_blend_free(blend);
    window_blend_free(NULL);
}

static void windows_are_shorter_the_wider_they_are(void **state)
{
    (void)state;
    assert_int_equal(windows_rows(12800, 640), 3200);
    assert_int_equal(windows_rows(1024, 640), 1024);
    assert_int_equal(windows_rows(12800, 1), 12800);
    assert_int_equal(windows_rows(12800, 5000), 2048);
    for (int columns = 1; columns < 4000; columns += 7)
        assert_int_equal(windows_rows(12800, columns) % 32, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_cover_every_row_and_start_at_fixed_rows),
        cmocka_unit_test(rows_come_once_and_overlaps_are_faded),
        cmocka_unit_test(failure_of_the_sink_is_passed_up),
        cmocka_unit_test(windows_are_shorter_the_wider_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

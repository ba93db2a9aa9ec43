/* How often a window is looked at, and what each look changes, with the checkpoint that is shipped. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/mirror.h"
#include "server/track_look.h"

enum { ROWS = 1280, WIDTH = 300, CLASSES = 3, FAR_ROWS = 500, MARGIN_ROWS = 160 };

static struct curvenet *net;
static struct pool *pool;
static uint8_t page[ROWS][WIDTH];
static int shift[ROWS];

struct masks { uint8_t of[CLASSES][ROWS][WIDTH]; };

static void stroke(int y, double x)
{
    for (int k = 0; k < WIDTH; k++)
        if (fabs(k - x) < 1.3)
            page[y][k] = 255;
}

static double dashed_at(int y)
{
    return (y < FAR_ROWS ? 210 : fmax(90, 210 - (y - FAR_ROWS))) + 25 * sin(y / 25.0);
}

/* A solid curve, and a dashed one that is far from it in the first FAR_ROWS rows and then crosses it over and over. */
static void draw(void)
{
    memset(page, 0, sizeof page);
    for (int y = 0; y < ROWS; y++) {
        if (y % 40 == 0)
            memset(page[y], 255, WIDTH);
        stroke(y, 90 + 20 * sin(y / 40.0));
        if (y % 22 < 14)
            stroke(y, dashed_at(y));
    }
}

static void see(struct layout_curve *curves, size_t n, bool once, struct masks *out)
{
    struct layout_track track = {.x0 = 10, .x1 = WIDTH - 11, .n_curves = n, .curves = curves};
    struct mask_geometry geometry = {.x_scale = 1, .y_scale = 1};
    struct windows windows = windows_plan(ROWS, windows_rows(curvenet_info(net)->max_rows, WIDTH), WINDOWS_OVERLAP);
    struct track_window window = {page[0], WIDTH, 0, ROWS};
    struct track_run run;
    struct err e = {0};

    assert_int_equal(track_run_open(&run, &track, &geometry, WIDTH, &windows, shift, CLASSES, false, &e), ERR_OK);
    assert_int_equal(run.seen_columns, WIDTH);
    window_blend_begin(run.blend, 0);
    assert_int_equal(track_look(&run, &window, net, pool, once, NULL, &e), ERR_OK);
    for (int c = 0; c < CLASSES; c++)
        for (int y = 0; y < ROWS; y++)
            mask_get(run.mask, c, y, out->of[c][y]);
    track_run_clear(&run);
}

static enum err_code keep(void *ctx, int y, int rows, const float *logits, size_t class_stride, size_t row_stride,
                          struct err *e)
{
    struct mask_logits put = {logits, class_stride, row_stride, WIDTH, 0, NULL};

    return mask_put(ctx, y, rows, &put, e);
}

/* What the network gives for the page by itself. */
static void see_plainly(bool mirrored, struct masks *out)
{
    static float logits[CLASSES][ROWS][WIDTH];
    struct mask *mask;
    struct err e = {0};

    assert_int_equal(mask_create(&mask, CLASSES, ROWS, WIDTH, &e), ERR_OK);
    if (mirrored) {
        assert_int_equal(curvenet_forward_mirrored(net, pool, page[0], WIDTH, ROWS, WIDTH, logits[0][0], NULL, &e), ERR_OK);
        assert_int_equal(keep(mask, 0, ROWS, logits[0][0], ROWS * WIDTH, WIDTH, &e), ERR_OK);
    } else
        assert_int_equal(curvenet_forward(net, pool, page[0], WIDTH, ROWS, WIDTH, keep, mask, NULL, &e), ERR_OK);
    for (int c = 0; c < CLASSES; c++)
        for (int y = 0; y < ROWS; y++)
            mask_get(mask, c, y, out->of[c][y]);
    mask_free(mask);
}

static bool rows_equal(const struct masks *a, const struct masks *b, int class, int first, int end)
{
    return memcmp(a->of[class][first], b->of[class][first], (size_t)(end - first) * WIDTH) == 0;
}

static bool all_equal(const struct masks *a, const struct masks *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* Rows where they cross in which the dashed curve is seen where it is. */
static int seen_dashed(const struct masks *masks)
{
    int n = 0;

    for (int y = FAR_ROWS; y < ROWS; y++)
        n += masks->of[STYLE_DASHED][y][lround(dashed_at(y))] >= MASK_HALF;
    return n;
}

static struct layout_curve both[] = {{.style = STYLE_SOLID}, {.style = STYLE_DASHED}};
static struct layout_curve two_solid[] = {{.style = STYLE_SOLID}, {.style = STYLE_SOLID}};
static struct masks seen, once, twice;

static void one_curve_is_seen_once(void **state)
{
    (void)state;
    see_plainly(false, &once);
    see(both, 1, false, &seen);
    assert_true(all_equal(&seen, &once));
    see(both, 2, true, &seen);   /* nor two, if it is not to be */
    assert_true(all_equal(&seen, &once));
}

static void curves_of_one_style_are_seen_twice(void **state)
{
    (void)state;
    see_plainly(true, &twice);
    see(two_solid, 2, false, &seen);
    assert_true(all_equal(&seen, &twice));
    assert_false(all_equal(&seen, &once));
}

static void a_dashed_curve_near_a_solid_one_is_seen_without_it(void **state)
{
    (void)state;
    see(both, 2, false, &seen);
    assert_true(rows_equal(&seen, &twice, STYLE_SOLID, 0, ROWS));
    assert_true(rows_equal(&seen, &twice, STYLE_DASHED, 0, FAR_ROWS - MARGIN_ROWS));
    assert_true(seen_dashed(&seen) > seen_dashed(&twice));
}

static void a_cancelled_job_stops(void **state)
{
    struct layout_track track = {.x0 = 10, .x1 = WIDTH - 11, .n_curves = 2, .curves = both};
    struct mask_geometry geometry = {.x_scale = 1, .y_scale = 1};
    struct windows windows = windows_plan(ROWS, ROWS, WINDOWS_OVERLAP);
    struct track_window window = {page[0], WIDTH, 0, ROWS};
    struct job job = {.cancelled = true};
    struct track_run run;
    struct err e = {0};

    (void)state;
    assert_int_equal(track_run_open(&run, &track, &geometry, WIDTH, &windows, shift, CLASSES, false, &e), ERR_OK);
    window_blend_begin(run.blend, 0);
    assert_int_equal(track_look(&run, &window, net, pool, false, &job, &e), ERR_CANCELLED);
    track_run_clear(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_curve_is_seen_once),
        cmocka_unit_test(curves_of_one_style_are_seen_twice),
        cmocka_unit_test(a_dashed_curve_near_a_solid_one_is_seen_without_it),
        cmocka_unit_test(a_cancelled_job_stops),
    };
    struct err e = {0};

    if (curvenet_load(&net, "weights/curvenet.safetensors", 2, &e) || pool_create(&pool, 2, &e)) {
        print_error("%s\n", e.text);
        return 1;
    }
    draw();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pool_free(pool);
    curvenet_free(net);
    return failed;
}

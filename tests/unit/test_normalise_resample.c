/* The resampler against the same filters written in floating point, whole images at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/normalise_resample.h"

struct image {
    int width, height;
    uint8_t *ink;
    int last;     /* row last asked for */
};

static enum err_code give_row(void *ctx, int y, uint8_t *ink, struct err *e)
{
    struct image *image = ctx;
    (void)e;
    assert_in_range(y, 0, image->height - 1);
    assert_true(y >= image->last);
    image->last = y;
    memcpy(ink, image->ink + (size_t)y * (size_t)image->width, (size_t)image->width);
    return ERR_OK;
}

static enum err_code give_error(void *ctx, int y, uint8_t *ink, struct err *e)
{
    (void)ctx;
    (void)ink;
    return y < 3 ? ERR_OK : err_set(e, ERR_MALFORMED, "row %d", y);
}

static struct image make_image(int width, int height, int constant)
{
    struct image image = { width, height, malloc((size_t)width * (size_t)height), 0 };
    uint32_t random = 7;
    for (int i = 0; i < width * height; i++) {
        random = random * 1664525 + 1013904223;
        image.ink[i] = (uint8_t)(constant >= 0 ? constant : (int)(random >> 24));
    }
    return image;
}

static double cubic(double t)
{
    t = fabs(t);
    return t < 1 ? 1.5 * t * t * t - 2.5 * t * t + 1 : t < 2 ? -0.5 * t * t * t + 2.5 * t * t - 4 * t + 2 : 0;
}

/* Weight of source pixel x in result pixel i; pixels beyond the edge are the edge's. */
static double weight(int n_in, int n_out, int i, int x)
{
    double step = (double)n_in / n_out, sum = 0;
    if (n_in >= n_out)
        return fmax(0, fmin(x + 1, (i + 1) * step) - fmax(x, i * step)) / step;
    for (int virtual = -3; virtual < n_in + 3; virtual++)
        if ((virtual < 0 ? 0 : virtual >= n_in ? n_in - 1 : virtual) == x)
            sum += cubic(virtual - ((i + 0.5) * step - 0.5));
    return sum;
}

static double expected(const struct image *image, int columns, int rows, int x, int y)
{
    double sum = 0;
    for (int v = 0; v < image->height; v++) {
        double wy = image->height == rows ? v == y : weight(image->height, rows, y, v);
        for (int u = 0; u < image->width && wy != 0; u++)
            sum += wy * (image->width == columns ? u == x : weight(image->width, columns, x, u)) *
                   image->ink[v * image->width + u];
    }
    return fmin(255, fmax(0, sum));
}

static void check(int width, int height, int columns, int rows, int constant)
{
    struct image image = make_image(width, height, constant);
    struct resample resample;
    struct err e = { 0 };
    uint8_t *ink = malloc((size_t)columns);
    assert_int_equal(resample_init(&resample, width, height, columns, rows, give_row, &image, &e), ERR_OK);
    for (int pass = 0; pass < 2; pass++) {
        for (int y = 0; y < rows; y++) {
            assert_int_equal(resample_next(&resample, ink, &e), ERR_OK);
            for (int x = 0; x < columns; x++) {
                double want = constant >= 0 ? constant : expected(&image, columns, rows, x, y);
                if (fabs(ink[x] - want) > (constant >= 0 ? 0 : 1))
                    fail_msg("%dx%d to %dx%d: %d, not %.2f, at %d, %d", width, height, columns, rows, ink[x], want, x, y);
            }
        }
        resample_rewind(&resample);
        image.last = 0;
    }
    resample_clear(&resample);
    free(image.ink);
    free(ink);
}

static const int sizes[][4] = {
    { 30, 20, 30, 20 }, { 31, 23, 21, 15 }, { 40, 40, 20, 20 }, { 37, 41, 12, 13 }, { 40, 24, 5, 3 },  { 19, 19, 2, 2 },
    { 11, 11, 1, 1 },   { 20, 30, 40, 60 }, { 13, 17, 52, 68 }, { 15, 20, 20, 27 }, { 3, 2, 12, 8 },   { 1, 1, 4, 4 },
    { 1, 30, 1, 20 },   { 30, 1, 20, 1 },   { 30, 20, 30, 40 }, { 30, 20, 60, 20 }, { 30, 20, 15, 40 }, { 30, 20, 60, 10 },
};

static void equals_the_filters(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], -1);
}

static void keeps_even_surfaces(void **state)
{
    (void)state;
    static const int levels[] = { 0, 1, 128, 254, 255 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t k = 0; k < sizeof levels / sizeof *levels; k++)
            check(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], levels[k]);
}

static void refuses_too_much_at_once(void **state)
{
    (void)state;
    struct resample resample;
    struct err e = { 0 };
    assert_int_equal(resample_init(&resample, 400, 400, 10, 200, give_error, NULL, &e), ERR_INTERNAL);
    err_clear(&e);
    assert_int_equal(resample_init(&resample, 400, 400, 200, 10, give_error, NULL, &e), ERR_INTERNAL);
}

static void passes_errors_up(void **state)
{
    (void)state;
    struct resample resample;
    struct err e = { 0 };
    uint8_t ink[5];
    assert_int_equal(resample_init(&resample, 10, 10, 5, 5, give_error, NULL, &e), ERR_OK);
    assert_int_equal(resample_next(&resample, ink, &e), ERR_OK);
    assert_int_equal(resample_next(&resample, ink, &e), ERR_MALFORMED);
    assert_string_equal(e.text, "row 3");
    resample_clear(&resample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_filters),
        cmocka_unit_test(keeps_even_surfaces),
        cmocka_unit_test(refuses_too_much_at_once),
        cmocka_unit_test(passes_errors_up),
    };
    return cmocka_run_group_tests_name("normalise_resample", tests, NULL, NULL);
}

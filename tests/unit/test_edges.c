#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "postproc/edges.h"

enum { ROWS = 4000, COLUMNS = 640, LEFT = 60, RIGHT = 360, DIVISIONS = 10 };

struct found { double left[ROWS], right[ROWS], drift, share; };

/* A track whose vertical lines are moved by `shift` in each row, a share of them missing. */
struct form {
    double (*shift)(int y);
    bool grid;         /* inner lines too */
    bool borders;
    int broken;        /* of 100 stretches of 7 rows of a line, how many are missing */
    int curve_ink;     /* of a thick curve that wanders along the left border; 0: none */
    int decades;       /* 0: the lines divide the track evenly */
};

static unsigned hash(unsigned a, unsigned b)
{
    unsigned h = a * 2654435761u ^ b * 40503u;

    h ^= h >> 13;
    h *= 1274126177u;
    return h ^ h >> 16;
}

static void line_at(uint8_t *ink, double x, int value)
{
    for (int c = (int)x - 2; c <= (int)x + 3; c++) {
        double cover = fmax(0, fmin(1, 1.5 - fabs(c - x)));
        int v = (int)(cover * value);

        if (c >= 0 && c < COLUMNS && v > ink[c])
            ink[c] = (uint8_t)v;
    }
}

/* Where line i is, 0 at the left border and 1 at the right one. */
static double place(const struct form *form, int i)
{
    return form->decades ? (i / 9 + log10(i % 9 + 1)) / form->decades : (double)i / DIVISIONS;
}

static void draw_row(const struct form *form, int y, uint8_t *ink)
{
    int last = form->decades ? 9 * form->decades : DIVISIONS;

    memset(ink, 0, COLUMNS);
    for (int i = 0; i <= last; i++) {
        bool border = i == 0 || i == last;

        if ((border ? form->borders : form->grid) && (int)(hash((unsigned)(y / 7), (unsigned)i) % 100) >= form->broken)
            line_at(ink, LEFT + (RIGHT - LEFT) * place(form, i) + form->shift(y), border ? 200 : 90);
    }
    if (form->curve_ink)
        for (int k = -2; k <= 2; k++)
            line_at(ink, LEFT + 9 + 6 * sin(y / 300.0) + k, form->curve_ink);
    for (int n = 0; n < 6; n++)
        ink[hash((unsigned)y, 1000u + (unsigned)n) % (LEFT + RIGHT)] = 120;
}

static struct found *solve(const struct form *form, double left, double right)
{
    struct err e = {0};
    struct edges *edges = NULL;
    struct found *f = calloc(1, sizeof *f);
    uint8_t ink[COLUMNS];

    assert_non_null(f);
    assert_int_equal(edges_create(&edges, ROWS, COLUMNS, left, right, &e), ERR_OK);
    for (int y = 0; y < ROWS; y++) {
        draw_row(form, y, ink);
        edges_push(edges, ink);
    }
    assert_int_equal(edges_solve(edges, f->left, f->right, &f->drift, &f->share, &e), ERR_OK);
    edges_free(edges);
    return f;
}

static double worst(const struct form *form, const struct found *f)
{
    double most = 0;

    for (int y = 0; y < ROWS; y++) {
        most = fmax(most, fabs(f->left[y] - LEFT - form->shift(y)));
        most = fmax(most, fabs(f->right[y] - RIGHT - form->shift(y)));
    }
    return most;
}

static double still(int y)
{
    (void)y;
    return 0;
}

static double drifting(int y)
{
    return 4 * sin(y / 500.0) + 1.5 * sin(y / 170.0);
}

static double skewed(int y)
{
    return (y - ROWS / 2) * 45.0 / ROWS;   /* farther than to the next line of the grid */
}

static double far_askew(int y)
{
    return y * 190.0 / ROWS;   /* more than half as far as the track is wide */
}

static double spliced(int y)
{
    return y < 1500 ? -3 : 6;
}

static void test_straight_paper_stays(void **state)
{
    struct form form = {still, true, true, 0, 0, 0};
    struct found *f = solve(&form, LEFT, RIGHT);

    (void)state;
    assert_true(worst(&form, f) < 0.3);
    assert_true(f->share > 0.95);
    free(f);
}

static void test_drift_is_followed_to_a_fraction_of_a_pixel(void **state)
{
    struct form form = {drifting, true, true, 0, 0, 0};
    struct found *f = solve(&form, LEFT, RIGHT);

    (void)state;
    assert_true(worst(&form, f) < 0.6);
    assert_float_equal(f->drift, 4.2, 0.5);   /* what the sum of the two waves reaches in these rows */
    free(f);
}

static void test_skew_does_not_slip_to_the_next_grid_line(void **state)
{
    struct form form = {skewed, true, true, 0, 0, 0};
    struct found *f = solve(&form, LEFT, RIGHT);

    (void)state;
    assert_true(worst(&form, f) < 0.8);
    free(f);
}

static void test_paper_far_askew_is_followed_from_where_it_was_read(void **state)
{
    struct form form = {far_askew, true, true, 0, 0, 0};

    (void)state;
    for (int read = 0; read <= ROWS; read += ROWS / 2) {
        struct found *f = solve(&form, LEFT + far_askew(read), RIGHT + far_askew(read));

        assert_true(worst(&form, f) < 0.8);
        assert_float_equal(f->drift, far_askew(read < ROWS / 2 ? ROWS : read), 1);
        free(f);
    }
}

static void test_grid_broken_by_thresholding_and_a_curve_at_the_border(void **state)
{
    struct form form = {drifting, true, true, 60, 255, 0};
    struct found *f = solve(&form, LEFT, RIGHT);

    (void)state;
    assert_true(worst(&form, f) < 1.2);
    free(f);
}

static void test_borders_alone_are_enough(void **state)
{
    struct form form = {drifting, false, true, 20, 0, 0};
    struct found *f = solve(&form, LEFT, RIGHT);

    (void)state;
    assert_true(worst(&form, f) < 0.8);
    free(f);
}

static void test_logarithmic_track_without_borders_stays(void **state)
{
    struct form form = {still, true, false, 0, 0, 2};   /* its last line but the border is 7 columns left of it */
    struct found *f = solve(&form, LEFT, RIGHT);

    (void)state;
    assert_true(worst(&form, f) < 0.3);
    free(f);
}

static void test_splice_is_followed_within_a_band_or_two(void **state)
{
    struct form form = {spliced, true, true, 0, 0, 0};
    struct found *f = solve(&form, LEFT, RIGHT);

    (void)state;
    assert_float_equal(f->left[1400], LEFT - 3, 0.5);
    assert_float_equal(f->left[1600], LEFT + 6, 0.5);
    free(f);
}

static void test_edges_typed_a_little_off_are_put_on_the_borders(void **state)
{
    struct form form = {drifting, true, true, 0, 0, 0};
    struct found *f = solve(&form, LEFT + 3, RIGHT + 3);

    (void)state;
    assert_true(worst(&form, f) < 0.6);
    free(f);
}

static double half_a_pixel(int y)
{
    (void)y;
    return 0.5;
}

static void test_printed_lines_bear_out_edges_given_to_a_fraction_of_a_pixel(void **state)
{
    struct form form = {half_a_pixel, true, true, 0, 0, 0};
    struct found *f = solve(&form, LEFT, RIGHT);

    (void)state;
    for (int y = 0; y < ROWS; y++)
        assert_true(f->left[y] == LEFT && f->right[y] == RIGHT);
    assert_true(f->drift == 0 && f->share > 0.9);
    free(f);
    f = solve(&form, LEFT - 1, RIGHT - 1);   /* more than a line's width accounts for */
    assert_true(worst(&form, f) < 0.6);
    free(f);
}

static void test_blank_paper_returns_what_was_given(void **state)
{
    struct form none = {drifting, false, false, 0, 0, 0}, curve_only = {drifting, false, false, 0, 255, 0};
    const struct form *forms[] = {&none, &curve_only};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct found *f = solve(forms[i], LEFT + 0.25, RIGHT);

        for (int y = 0; y < ROWS; y++) {
            assert_true(f->left[y] == LEFT + 0.25);
            assert_true(f->right[y] == RIGHT);
        }
        assert_true(f->drift == 0);
        assert_true(f->share == 0);
        free(f);
    }
}

static void test_few_rows_are_no_trouble(void **state)
{
    (void)state;
    for (int rows = 1; rows < 40; rows += 7) {
        struct err e = {0};
        struct edges *edges = NULL;
        struct form form = {still, true, true, 0, 0, 0};
        double left[40], right[40], drift, share;
        uint8_t ink[COLUMNS];

        assert_int_equal(edges_create(&edges, rows, COLUMNS, LEFT, RIGHT, &e), ERR_OK);
        for (int y = 0; y < rows + 3; y++) {   /* rows too many are ignored */
            draw_row(&form, y, ink);
            edges_push(edges, ink);
        }
        assert_int_equal(edges_solve(edges, left, right, &drift, &share, &e), ERR_OK);
        for (int y = 0; y < rows; y++) {
            assert_float_equal(left[y], LEFT, 1);
            assert_float_equal(right[y], RIGHT, 1);
        }
        edges_free(edges);
    }
    edges_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_straight_paper_stays),
        cmocka_unit_test(test_drift_is_followed_to_a_fraction_of_a_pixel),
        cmocka_unit_test(test_skew_does_not_slip_to_the_next_grid_line),
        cmocka_unit_test(test_paper_far_askew_is_followed_from_where_it_was_read),
        cmocka_unit_test(test_grid_broken_by_thresholding_and_a_curve_at_the_border),
        cmocka_unit_test(test_borders_alone_are_enough),
        cmocka_unit_test(test_logarithmic_track_without_borders_stays),
        cmocka_unit_test(test_splice_is_followed_within_a_band_or_two),
        cmocka_unit_test(test_edges_typed_a_little_off_are_put_on_the_borders),
        cmocka_unit_test(test_printed_lines_bear_out_edges_given_to_a_fraction_of_a_pixel),
        cmocka_unit_test(test_blank_paper_returns_what_was_given),
        cmocka_unit_test(test_few_rows_are_no_trouble),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

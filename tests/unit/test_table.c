#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "postproc/number.h"
#include "postproc/table.h"
#include "tests/unit/near.h"
#include "tests/unit/traced.h"

static struct table build(struct traced *t, double step)
{
    struct table table;
    struct err e = { 0 };
    if (table_build(&table, &t->layout, &t->view, 1, step, &e) != ERR_OK)
        fail_msg("%s", e.text);
    return table;
}

static void check_refused(struct traced *t, double step, const char *field)
{
    struct table table;
    struct err e = { 0 };
    assert_int_equal(table_build(&table, &t->layout, &t->view, 1, step, &e), ERR_INVALID);
    assert_string_equal(e.field, field);
    assert_true(e.text[0] != '\0');
    assert_null(table.curves);
}

static void index_is_the_multiples_inside(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 1, 1000.13, 1020.07);
    struct table table = build(&t, 0.5);
    assert_true(table.has_depth);
    assert_near(table.start, 1000.5, 1e-12);
    assert_near(table.step, 0.5, 0);
    assert_int_equal(table.decimals, 1);
    assert_int_equal(table.rows, 40);
    assert_int_equal(table_index_scaled(&table, 39), 10200);
    table_clear(&table);
}

static void ends_on_the_grid_belong_to_it(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 1, 100.1, 120.3);
    struct table table = build(&t, 0.1);
    assert_int_equal(table_index_scaled(&table, 0), 1001);
    assert_int_equal(table_index_scaled(&table, table.rows - 1), 1203);
    table_clear(&table);
}

static void values_lie_at_row_centres(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 3, 0, 200);            /* one row a foot: row r's centre lies at r + 0.5 */
    struct table table = build(&t, 0.5);
    for (size_t i = 0; i < table.rows; i++) {
        double row = table.start + (double)i * table.step - 0.5;
        double f = (row < 0 ? 0 : row > 199 ? 1 : row <= 100 ? row : 200 - row) / 100;
        if (fabs(row - 100) == 0.5)
            f += 0.125 / 100;              /* the peak is round between rows */
        assert_near(table.curves[0].value[i], 100 * f, 1e-4);
        assert_near(log(table.curves[1].value[i] / 0.2), f * log(1e4), 1e-4);
        assert_near(table.curves[2].value[i], 0.45 - 0.6 * f, 1e-6);
        assert_near(table.curves[0].confidence[i], 0.75, 1e-6);
    }
    assert_near(table.curves[0].coverage, 1, 0);
    assert_near(table.curves[0].mean_confidence, 0.75, 1e-6);
    table_clear(&table);
}

static void edges_are_taken_by_row(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 1, 0, 200);
    for (int y = 0; y < TRACED_ROWS; y++) {   /* the paper drifts, and the curve with it */
        double drift = 0.05 * y;
        t.left[y] += drift;
        t.right[y] += drift;
        t.x[0][y] = (float)(10 + drift + 25);
    }
    struct table table = build(&t, 1);
    for (size_t i = 0; i < table.rows; i++)
        assert_near(table.curves[0].value[i], 25, 1e-3);
    table_clear(&table);
}

static void wraps_add_track_widths(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 2, 0, 200);
    for (int y = 0; y < TRACED_ROWS; y++) {
        t.wrap[0][y] = 1;
        t.wrap[1][y] = -1;
    }
    struct table table = build(&t, 1);
    size_t i = (size_t)(30.0 - table.start);
    assert_near(table.curves[0].value[i], 129.5, 1e-4);
    assert_near(table.curves[1].value[i], 0.2 * pow(1e4, 0.295 - 1), 1e-9);
    table_clear(&table);
}

/* Between two rows on either side of a wrap, what is interpolated is the unwrapped position. */
static void wrap_between_rows_is_continuous(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 1, 0, 200);
    for (int y = 49; y <= 52; y++) {
        t.x[0][y] = (float)(y <= 50 ? 108 + 4 * (y - 50) : 12 + 4 * (y - 51));
        t.wrap[0][y] = y > 50;
    }
    struct table table = build(&t, 1);
    assert_near(table.curves[0].value[(size_t)(51 - table.start)], 100, 1e-4);
    table_clear(&table);
}

/* Peaks keep more between rows than straight lines would leave them; a kick does not swing over. */
static void between_rows_the_curve_is_round_but_goes_no_further(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 1, 0, 200);
    for (int y = 0; y < TRACED_ROWS; y++)
        t.x[0][y] = (float)(y < 100 ? 60 + 40 * sin(y / 1.5) : y < 150 ? 20 : 90);
    struct table table = build(&t, 0.1);
    double straight = 0, round = 0;
    for (size_t i = 0; i < table.rows; i++) {
        double row = table.start + (double)i * table.step - 0.5, value = table.curves[0].value[i];
        int y = (int)floor(row);
        if (y < 0 || y + 1 >= TRACED_ROWS)
            continue;
        double a = t.x[0][y] - 10, b = t.x[0][y + 1] - 10;
        assert_true(value >= fmin(a, b) - 1e-4 && value <= fmax(a, b) + 1e-4);
        if (y >= 3 && y < 95) {
            double true_value = 50 + 40 * sin(row / 1.5);
            straight += fabs(a + (row - y) * (b - a) - true_value);
            round += fabs(value - true_value);
        }
    }
    assert_true(round < 0.7 * straight);
    table_clear(&table);
}

static void geometry_maps_the_mask(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 1, 0, 400);
    t.layout.y1 = 400;                       /* the mask is the scan at half its resolution, from row 0 */
    t.lines[1].y = 400;
    t.view.geometry = (struct mask_geometry){ 0, 0, 0.5, 0.5 };
    struct table table = build(&t, 1);
    double at = 60;                          /* mask position 30 on the row axis: between rows 29 and 30 */
    assert_near(table.curves[0].value[(size_t)(at - table.start)], 29.5, 1e-4);
    t.view.geometry.y_origin = 100;          /* the mask begins at scan row 100: above it there is nothing */
    table_clear(&table);
    table = build(&t, 1);
    assert_true(isnan(table.curves[0].value[0]));
    assert_near(table.curves[0].value[(size_t)(160 - table.start)], 29.5, 1e-4);
    table_clear(&table);
}

static void a_row_beside_a_null_stands_for_its_own_height(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 1, 0, 200);
    t.x[0][40] = NAN;
    struct table table = build(&t, 0.25);
    const double *v = table.curves[0].value;
    size_t at = (size_t)((40 - table.start) / 0.25);   /* the upper edge of row 40 */
    assert_near(v[at - 1], 39, 1e-4);
    assert_true(isnan(v[at + 1]));
    assert_true(isnan(v[at + 2]));
    assert_true(isnan(v[at + 3]));
    assert_near(v[at + 4 + 1], 41, 1e-4);
    assert_near(table.curves[0].confidence[at + 1], 0, 0);
    assert_true(table.curves[0].coverage < 1);
    table_clear(&table);
}

static void all_null_has_no_coverage(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 1, 0, 200);
    for (int y = 0; y < TRACED_ROWS; y++)
        t.x[0][y] = NAN;
    struct table table = build(&t, 1);
    assert_near(table.curves[0].coverage, 0, 0);
    assert_near(table.curves[0].mean_confidence, 0, 0);
    table_clear(&table);
}

static void falling_depths_come_out_ascending(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 1, -100, -300);
    struct table table = build(&t, 1);
    assert_near(table.start, -300, 1e-12);
    assert_int_equal(table.rows, 201);
    assert_near(table.curves[0].value[200 - 60], 59.5, 1e-4);   /* depth -160 lies 60 rows down */
    table_clear(&table);
}

static void without_depths_the_index_is_the_row(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 1, 0, 200);
    t.layout.n_depth_lines = 0;
    t.layout.y0 = 20;
    t.layout.y1 = 120;
    struct table table = build(&t, 0);
    assert_false(table.has_depth);
    assert_near(table.start, 20, 0);
    assert_near(table.step, 1, 0);
    assert_int_equal(table.rows, 100);
    assert_near(table.curves[0].value[10], 30, 1e-6);
    table_clear(&table);
}

static double chosen(double bottom, enum depth_unit unit)
{
    struct traced t;
    traced_make(&t, 1, 0, bottom);
    t.layout.depth_unit = unit;
    struct table table = build(&t, 0);
    double step = table.step;
    table_clear(&table);
    return step;
}

static void the_chosen_step_is_round(void **state)
{
    (void)state;
    assert_near(chosen(200 * 0.0985, DEPTH_FT), 0.1, 1e-15);
    assert_near(chosen(200 * 0.1, DEPTH_FT), 0.1, 1e-15);
    assert_near(chosen(200 * 0.125, DEPTH_FT), 0.25, 1e-15);
    assert_near(chosen(200 * 0.3, DEPTH_FT), 0.5, 1e-15);
    assert_near(chosen(200 * 0.03, DEPTH_M), 0.05, 1e-15);
    assert_near(chosen(200 * 0.012, DEPTH_M), 0.02, 1e-15);
    assert_near(chosen(200 * 0.7, DEPTH_M), 1, 1e-15);
    assert_near(chosen(200 * 7.0, DEPTH_M), 10, 1e-15);
}

/* STRT and STOP of every grid, divided by STEP as lascheck does it in Python. */
static double python_modulo(double a, double b, int decimals)
{
    double scale = (double)number_power10(decimals);
    a *= scale;
    b *= scale;
    double mod = fmod(a, b), quotient = floor((a - mod) / b);
    return a - quotient * b;
}

static void ends_divide_in_binary(void **state)
{
    (void)state;
    const double steps[] = { 0.1, 0.05, 0.01, 0.02, 0.25, 0.5, 0.125, 0.1524, 0.3048, 0.3333, 0.15, 0.35 };
    for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++)
        for (double top = 1000; top < 19000; top += 531.137) {
            struct traced t;
            traced_make(&t, 1, top, top + 300 * steps[s]);
            struct table table = build(&t, steps[s]);
            double unit = (double)number_power10(table.decimals);
            double stop = (double)table_index_scaled(&table, table.rows - 1) / unit;
            assert_true(table.start >= top - 1e-6 * table.step && stop <= top + (300 + 1e-6) * table.step);
            assert_true(table.rows >= 300 - 24);
            assert_near(python_modulo(table.start, table.step, table.decimals), 0, 0);
            assert_near(python_modulo(stop, table.step, table.decimals), 0, 0);
            table_clear(&table);
        }
}

/* 0.57 is inexact in binary: lascheck passes next to no depth, and nothing is left off for it. */
static void hopeless_steps_keep_their_samples(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 1, 5000, 5300);
    struct table table = build(&t, 0.57);
    assert_int_equal(table_index_scaled(&table, 0), 57 * 8772);
    assert_int_equal(table_index_scaled(&table, table.rows - 1), 57 * 9298);
    table_clear(&table);
}

static void bad_steps_are_refused(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 1, 100.2, 100.9);
    check_refused(&t, 1, "step");                 /* no multiple inside */
    check_refused(&t, 1.0 / 3, "step");           /* endless decimals */
    check_refused(&t, -0.1, "step");
    check_refused(&t, 1e-9, "step");              /* 700 million samples */
    check_refused(&t, 1e12, "step");
    check_refused(&t, NAN, "step");
    traced_make(&t, 0, 100, 200);
    check_refused(&t, 0.1, "curve");
}

static void several_tracks_share_one_index(void **state)
{
    (void)state;
    struct traced a, b;
    traced_make(&a, 1, 0, 200);
    traced_make(&b, 2, 0, 200);
    struct table_track tracks[] = { a.view, b.view };
    struct table table;
    struct err e = { 0 };
    assert_int_equal(table_build(&table, &a.layout, tracks, 2, 1, &e), ERR_OK);
    assert_int_equal(table.n_curves, 3);
    assert_ptr_equal(table.curves[0].curve, &a.curves[0]);
    assert_ptr_equal(table.curves[2].curve, &b.curves[1]);
    table_clear(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(index_is_the_multiples_inside), cmocka_unit_test(ends_on_the_grid_belong_to_it),
        cmocka_unit_test(values_lie_at_row_centres),     cmocka_unit_test(edges_are_taken_by_row),
        cmocka_unit_test(wraps_add_track_widths),        cmocka_unit_test(wrap_between_rows_is_continuous),
        cmocka_unit_test(between_rows_the_curve_is_round_but_goes_no_further),
        cmocka_unit_test(geometry_maps_the_mask),        cmocka_unit_test(a_row_beside_a_null_stands_for_its_own_height),
        cmocka_unit_test(all_null_has_no_coverage),      cmocka_unit_test(falling_depths_come_out_ascending),
        cmocka_unit_test(without_depths_the_index_is_the_row), cmocka_unit_test(the_chosen_step_is_round),
        cmocka_unit_test(ends_divide_in_binary),         cmocka_unit_test(hopeless_steps_keep_their_samples),
        cmocka_unit_test(bad_steps_are_refused),
        cmocka_unit_test(several_tracks_share_one_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/unit/trace_page.h"

static const enum curve_style one_solid[] = {STYLE_SOLID}, two_solid[] = {STYLE_SOLID, STYLE_SOLID};

static void test_smooth_curve_to_a_fraction_of_a_pixel(void **state)
{
    struct page p = page_of(3, 6000);   /* taller than the path's window */
    static double x[6000];
    struct trace t;

    (void)state;
    for (int y = 0; y < 6000; y++)
        x[y] = 150 + 80 * sin(y / 60.0) + 20 * sin(y / 13.0);
    curve(&p, 0, x, 0, 5999);
    trace(&p, one_solid, 1, &t);
    assert_int_equal(count_null(&t), 0);
    assert_true(share_near(&t, x, 2, 5997, 0.3) > 0.999);
    for (int y = 10; y < 5990; y++) {
        assert_true(t.confidence[y] > 0.8f && t.confidence[y] <= 1);
        assert_int_equal(t.wrap[y], 0);
    }
    trace_clear(&t);
    page_free(&p);
}

static void test_short_holes_are_bridged_and_long_ones_null(void **state)
{
    struct page p = page_of(1, 600);
    static double x[600];
    struct trace t;

    (void)state;
    for (int y = 0; y < 600; y++)
        x[y] = 100 + 0.2 * y;
    curve(&p, 0, x, 0, 200);
    curve(&p, 0, x, 210, 400);
    curve(&p, 0, x, 460, 599);
    trace(&p, one_solid, 1, &t);
    assert_true(share_near(&t, x, 0, 400, 0.6) == 1);
    assert_true(1 - t.confidence[205] > 8 * (1 - t.confidence[190]));
    for (int y = 404; y <= 456; y++) {
        assert_true(isnan(t.x[y]));
        assert_true(t.confidence[y] == 0);
    }
    assert_true(share_near(&t, x, 460, 597, 0.6) == 1);
    trace_clear(&t);
    page_free(&p);
}

static void test_curve_that_is_not_there_is_null(void **state)
{
    static const enum curve_style styles[] = {STYLE_SOLID, STYLE_DASHED, STYLE_SOLID};
    struct page p = page_of(3, 800);
    static double x[800];
    struct trace t[3];

    (void)state;
    for (int y = 0; y < 800; y++)
        x[y] = 150 + 60 * sin(y / 40.0);
    curve(&p, 0, x, 0, 799);
    for (int k = 0; k < 8; k++)   /* specks */
        stroke(&p, 0, 40 + 9 * k, 60 + 90 * k, 42 + 9 * k, 62 + 90 * k, 2);
    trace(&p, styles, 3, t);
    assert_true(share_near(&t[0], x, 2, 797, 0.5) > 0.99);
    assert_int_equal(count_null(&t[1]), 800);
    assert_int_equal(count_null(&t[2]), 800);
    for (int y = 0; y < 800; y++)
        assert_true(t[1].confidence[y] == 0 && t[2].confidence[y] == 0);
    for (int i = 0; i < 3; i++)
        trace_clear(&t[i]);
    page_free(&p);
}

/* Of two that were asked for where one swings across the track. */
static void test_curve_that_is_not_there_takes_nothing_from_another(void **state)
{
    struct page p = page_of(1, 800);
    static double x[800];
    struct trace alone, t[2];

    (void)state;
    for (int y = 0; y < 800; y++)
        x[y] = 150 + 70 * sin(y / 7.0) * sin(y / 31.0);
    curve(&p, 0, x, 0, 799);
    trace(&p, one_solid, 1, &alone);
    trace(&p, two_solid, 2, t);
    assert_int_equal(count_null(&t[1]), 800);
    assert_int_equal(count_null(&alone), 0);
    assert_memory_equal(t[0].x, alone.x, 800 * sizeof *alone.x);
    assert_memory_equal(t[0].confidence, alone.confidence, 800 * sizeof *alone.confidence);
    trace_clear(&alone);
    trace_clear(&t[0]);
    trace_clear(&t[1]);
    page_free(&p);
}

static void test_two_solid_curves_cross_straight_on(void **state)
{
    struct page p = page_of(1, 900);
    static double a[900], b[900];
    struct trace t[2];

    (void)state;
    for (int y = 0; y < 900; y++) {
        a[y] = 120 + 0.1 * y + 50 * sin(y / 70.0);   /* crosses b seven times */
        b[y] = 150 + 0.1 * y - 30 * sin(y / 55.0);
    }
    curve(&p, 0, a, 0, 899);
    curve(&p, 0, b, 0, 899);
    trace(&p, two_solid, 2, t);
    assert_true(share_near(&t[0], a, 0, 899, 2.6) > 0.97);
    assert_true(share_near(&t[1], b, 0, 899, 2.6) > 0.97);
    trace_clear(&t[0]);
    trace_clear(&t[1]);
    page_free(&p);
}

/* Whether both of two curves come back that run on one another in rows 200 to 200 + rows, with a speck beside them
 * there if one is asked for. */
static void share_a_stretch(int rows, bool speck)
{
    enum { ROWS = 700 };
    struct page p = page_of(1, ROWS);
    static double a[ROWS], b[ROWS];
    struct trace t[2];

    for (int y = 0; y < ROWS; y++) {
        double apart = 40 * fmax(0, fmax(1 - y / 200.0, (y - 200 - rows) / 200.0));

        a[y] = 150 - apart;
        b[y] = 150 + apart;
    }
    curve(&p, 0, a, 0, ROWS - 1);
    curve(&p, 0, b, 0, ROWS - 1);
    if (speck)
        stroke(&p, 0, 157, 198 + rows / 2, 157, 202 + rows / 2, 4);
    trace(&p, two_solid, 2, t);
    assert_true(share_near(&t[0], a, 0, ROWS - 1, 2.6) > 0.97);
    assert_true(share_near(&t[1], b, 0, ROWS - 1, 2.6) > 0.97);
    trace_clear(&t[0]);
    trace_clear(&t[1]);
    page_free(&p);
}

static void test_two_solid_curves_share_a_stretch(void **state)
{
    (void)state;
    share_a_stretch(60, false);
}

static void test_a_speck_beside_a_shared_stretch_does_not_end_a_curve(void **state)
{
    (void)state;
    share_a_stretch(240, false);
    share_a_stretch(240, true);
}

static void test_solid_and_dashed_cross(void **state)
{
    static const enum curve_style styles[] = {STYLE_DASHED, STYLE_SOLID};
    struct page p = page_of(3, 900);
    static double a[900], b[900];
    struct trace t[2];

    (void)state;
    for (int y = 0; y < 900; y++) {
        a[y] = 120 + 0.1 * y + 50 * sin(y / 70.0);
        b[y] = 150 + 0.1 * y - 30 * sin(y / 55.0);
    }
    curve(&p, STYLE_SOLID, a, 0, 899);
    curve(&p, STYLE_DASHED, b, 0, 399);
    curve(&p, STYLE_SOLID, b, 400, 440);   /* the network takes a stretch for solid */
    curve(&p, STYLE_DASHED, b, 441, 899);
    trace(&p, styles, 2, t);
    assert_true(share_near(&t[0], b, 0, 899, 2.6) > 0.97);
    assert_true(share_near(&t[1], a, 0, 899, 2.6) > 0.97);
    trace_clear(&t[0]);
    trace_clear(&t[1]);
    page_free(&p);
}

/* The network calls the dotted curve solid all the way: what the solid curve does not explain is the dotted
 * one's, and nothing is where there is no such ink. */
static void test_curve_in_another_styles_ink_is_found(void **state)
{
    enum { ROWS = 400, END = 250 };
    const enum curve_style style[] = {STYLE_SOLID, STYLE_DOTTED};
    struct page p = page_of(3, ROWS);
    struct trace t[2];
    double a[ROWS], b[ROWS];

    (void)state;
    for (int y = 0; y < ROWS; y++) {
        a[y] = 100 + 30 * sin(y * 0.03);
        b[y] = 200 + 20 * sin(y * 0.05);
    }
    curve(&p, 0, a, 0, ROWS - 1);
    curve(&p, 0, b, 0, END);
    trace(&p, style, 2, t);
    for (int y = 5; y < ROWS - 5; y++) {
        assert_true(fabs(t[0].x[y] - a[y]) < 1);
        if (y < END - 5)
            assert_true(fabs(t[1].x[y] - b[y]) < 1);
        else if (y > END + 15)
            assert_true(isnan(t[1].x[y]));
    }
    trace_clear(&t[0]);
    trace_clear(&t[1]);
    page_free(&p);
}

/* A dashed curve leaves the track between rows OFF and ON, a solid one and, around there, a tension line go on; in
 * rows DOUBT..SURE the network gives the solid one logits `solid` and `dashed`. */
enum { LEAP_ROWS = 900, OFF = 400, ON = 500 };

static void leap_leaves_it_alone(int doubt, int sure, double solid, double dashed)
{
    const enum curve_style style[] = {STYLE_SOLID, STYLE_DASHED};
    struct page p = page_of(2, LEAP_ROWS);
    struct trace t[2];
    static double a[LEAP_ROWS];

    for (int y = 0; y < LEAP_ROWS; y++)
        a[y] = 150 + 5 * sin(y * 0.03);
    curve(&p, 0, a, 0, doubt);
    curve(&p, 0, a, sure, LEAP_ROWS - 1);
    for (int y = doubt; y < sure; y++) {
        stroke(&p, 0, a[y], y, a[y + 1], y + 1, solid);
        stroke(&p, 1, a[y], y, a[y + 1], y + 1, dashed);
    }
    stroke(&p, 0, 265, OFF - 20, 265, ON + 20, 3);
    stroke(&p, 1, 60, 0, 60, OFF - 10, 4);
    stroke(&p, 1, 60, OFF - 10, LEFT, OFF, 4);
    stroke(&p, 1, LEFT, ON, 60, ON + 10, 4);
    stroke(&p, 1, 60, ON + 10, 60, LEAP_ROWS - 1, 4);
    trace(&p, style, 2, t);
    assert_true(share_near(&t[0], a, 5, LEAP_ROWS - 5, 1.5) > 0.99);
    for (int y = OFF + 5; y < ON - 5; y++)
        assert_true(isnan(t[1].x[y]));
    trace_clear(&t[0]);
    trace_clear(&t[1]);
    page_free(&p);
}

/* While the dashed curve is off the scale its path may go to the tension line across the solid curve: that is no
 * reason to exchange the two, however little it would cost the dashed one, nor is the line the dashed curve. */
static void test_leap_across_a_curve_leaves_it_alone(void **state)
{
    (void)state;
    leap_leaves_it_alone(OFF, ON, 4, -1.5);
}

/* Nor where a part of the solid curve looks rather dashed. */
static void test_leap_across_a_doubtful_curve_leaves_it_alone(void **state)
{
    (void)state;
    leap_leaves_it_alone(OFF + 20, OFF + 60, 1, 2);
}

/* Nor is the solid curve the dashed one, where its path goes there. */
static void test_curve_off_the_track_is_no_copy_of_another(void **state)
{
    (void)state;
    leap_leaves_it_alone(OFF, ON, 2.6, 2);
}

/* The log ends half way down; below, the only ink is the track's left border, that the curve ran into. */
static void test_border_is_no_curve(void **state)
{
    enum { ROWS = 1000, END = 500 };
    struct page p = page_of(1, ROWS);
    struct trace t;

    (void)state;
    stroke(&p, 0, 100, 0, 100, END - 20, 4);
    stroke(&p, 0, 100, END - 20, LEFT, END, 4);
    stroke(&p, 0, LEFT, END, LEFT, ROWS - 1, 2);
    trace(&p, one_solid, 1, &t);
    assert_true(fabs(t.x[END / 2] - 100) < 0.5);
    for (int y = END + 10; y < ROWS; y++)
        assert_true(isnan(t.x[y]));
    trace_clear(&t);
    page_free(&p);
}

static void test_wrapped_curve_is_counted_and_returns(void **state)
{
    struct page p = page_of(1, 900);
    struct trace t;
    static double x[900];

    (void)state;
    for (int y = 0; y < 900; y++)
        x[y] = LEFT + WIDTH * (0.6 + 0.7 * exp(-pow((y - 450) / 90.0, 2)));
    for (int y = 0; y < 899; y++) {
        stroke(&p, 0, x[y], y, x[y + 1], y + 1, x[y + 1] <= RIGHT + 1 ? 4 : -9);
        if (x[y] >= RIGHT - 1)
            stroke(&p, 0, x[y] - WIDTH, y, x[y + 1] - WIDTH, y + 1, 4);
    }
    trace(&p, one_solid, 1, &t);
    for (int y = 0; y < 900; y++) {
        int wrap = x[y] > RIGHT;

        if (fabs(x[y] - RIGHT) < 6 || y > 896)
            continue;
        assert_int_equal(t.wrap[y], wrap);
        assert_float_equal(t.x[y], x[y] - wrap * WIDTH, 1.2);
    }
    trace_clear(&t);
    page_free(&p);
}

static void test_unmatched_crossing_does_not_shift_what_follows(void **state)
{
    enum { ROWS = 2000 };
    struct page p = page_of(1, ROWS);
    struct trace t;
    static double x[ROWS];

    (void)state;
    for (int y = 0; y < ROWS; y++)   /* comes back on the right at 300, having left unseen; away from 1500 to 1600 */
        x[y] = y < 300 ? LEFT + 60 - 0.2 * y : y < 1500 ? RIGHT - 1 - 40 * sin((y - 300) * 3.14159265 / 1200)
             : y < 1600 ? LEFT + 1 + 30 * sin((y - 1500) * 3.14159265 / 100) : RIGHT - 1 - 0.1 * (y - 1600);
    curve(&p, 0, x, 0, 299);
    curve(&p, 0, x, 300, 1499);
    curve(&p, 0, x, 1500, 1599);
    curve(&p, 0, x, 1600, ROWS - 1);
    trace(&p, one_solid, 1, &t);
    for (int y = 0; y < ROWS; y++)
        if (abs(y - 1500) > 1 && abs(y - 1600) > 1)
            assert_int_equal(t.wrap[y], y >= 1500 && y < 1600);
    trace_clear(&t);
    page_free(&p);
}

static void test_curve_from_edge_to_edge_is_no_wrap(void **state)
{
    struct page p = page_of(1, 600);
    struct trace t;
    static double x[600];

    (void)state;
    for (int y = 0; y < 600; y++)
        x[y] = (y / 50) % 2 ? RIGHT - 2 : LEFT + 2;   /* a square wave, drawn with full strokes */
    curve(&p, 0, x, 0, 599);
    trace(&p, one_solid, 1, &t);
    assert_true(share_near(&t, x, 0, 599, 1.5) > 0.95);
    for (int y = 0; y < 600; y++)
        assert_int_equal(t.wrap[y], 0);
    trace_clear(&t);
    page_free(&p);
}

static void test_curve_lost_at_one_edge_is_no_wrap(void **state)
{
    struct page p = page_of(1, 800);
    struct trace t;
    static double x[800];

    (void)state;
    for (int y = 0; y < 800; y++)
        x[y] = y < 300 ? 150 + y * 0.43 : 20 + (y - 300) * 0.3;   /* leaves on the right, never comes back there */
    curve(&p, 0, x, 0, 298);
    curve(&p, 0, x, 301, 799);
    trace(&p, one_solid, 1, &t);
    for (int y = 0; y < 800; y++)
        assert_int_equal(t.wrap[y], 0);
    trace_clear(&t);
    page_free(&p);
}

static void test_neighbours_do_not_attract_and_skew_is_followed(void **state)
{
    struct page p = page_of(1, 1000);
    struct trace t;
    static double x[1000], beside[1000];

    (void)state;
    for (int y = 0; y < 1000; y++) {
        p.left[y] = 60 + 0.04 * y;
        p.right[y] = 200 + 0.04 * y;
        x[y] = p.left[y] + 10;
        beside[y] = p.left[y] - 12;
    }
    curve(&p, 0, x, 0, 499);
    curve(&p, 0, beside, 0, 999);
    trace(&p, one_solid, 1, &t);
    assert_true(share_near(&t, x, 0, 499, 0.6) > 0.99);
    for (int y = 510; y < 1000; y++)
        assert_true(isnan(t.x[y]));
    trace_clear(&t);
    page_free(&p);
}

static void test_edges_may_leave_the_mask(void **state)
{
    enum { ROWS = 300 };
    const enum curve_style style = STYLE_SOLID;
    const double away[][2] = {{LEFT, 1e8}, {-1e8, RIGHT}, {-1e8, 1e8}, {1e8, 2e8}, {-2e8, -1e8}};
    struct page p = page_of(1, ROWS);
    struct trace t;
    double x[ROWS];

    (void)state;
    for (int y = 0; y < ROWS; y++)
        x[y] = 150;
    curve(&p, 0, x, 0, ROWS - 1);
    for (size_t i = 0; i < sizeof away / sizeof *away; i++) {
        for (int y = ROWS / 2; y < ROWS; y++) {
            p.left[y] = away[i][0];
            p.right[y] = away[i][1];
        }
        trace(&p, &style, 1, &t);
        assert_true(share_near(&t, x, 0, ROWS / 2 - 20, 1) > 0.99);
        trace_clear(&t);
    }
    page_free(&p);
}

static void test_cancelled_job_holds_nothing(void **state)
{
    struct err e = {0};
    struct job job = {.cancelled = true};
    struct page p = page_of(1, 100);
    struct trace_track track = {.left = p.left, .right = p.right, .style = two_solid, .n = 2};
    struct trace t[2] = {{0}};
    struct mask *mask;

    (void)state;
    assert_int_equal(mask_create(&mask, 1, 100, COLUMNS, &e), ERR_OK);
    assert_int_equal(trace_track(mask, &track, t, &job, &e), ERR_CANCELLED);
    assert_null(t[0].x);
    assert_null(t[1].x);
    mask_free(mask);
    page_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smooth_curve_to_a_fraction_of_a_pixel),
        cmocka_unit_test(test_short_holes_are_bridged_and_long_ones_null),
        cmocka_unit_test(test_curve_that_is_not_there_is_null),
        cmocka_unit_test(test_curve_that_is_not_there_takes_nothing_from_another),
        cmocka_unit_test(test_two_solid_curves_cross_straight_on),
        cmocka_unit_test(test_two_solid_curves_share_a_stretch),
        cmocka_unit_test(test_a_speck_beside_a_shared_stretch_does_not_end_a_curve),
        cmocka_unit_test(test_solid_and_dashed_cross),
        cmocka_unit_test(test_curve_in_another_styles_ink_is_found),
        cmocka_unit_test(test_leap_across_a_curve_leaves_it_alone),
        cmocka_unit_test(test_leap_across_a_doubtful_curve_leaves_it_alone),
        cmocka_unit_test(test_curve_off_the_track_is_no_copy_of_another),
        cmocka_unit_test(test_border_is_no_curve),
        cmocka_unit_test(test_wrapped_curve_is_counted_and_returns),
        cmocka_unit_test(test_unmatched_crossing_does_not_shift_what_follows),
        cmocka_unit_test(test_curve_from_edge_to_edge_is_no_wrap),
        cmocka_unit_test(test_curve_lost_at_one_edge_is_no_wrap),
        cmocka_unit_test(test_neighbours_do_not_attract_and_skew_is_followed),
        cmocka_unit_test(test_edges_may_leave_the_mask),
        cmocka_unit_test(test_cancelled_job_holds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

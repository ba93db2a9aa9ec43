/* Where curves swing fast their ink is wider than they are: kicks, tips, swings that run into one another. */
#include "tests/unit/trace_page.h"

static const enum curve_style one_solid[] = {STYLE_SOLID};

static void test_kicks_keep_their_tips(void **state)
{
    struct page p = page_of(1, 400);
    static double x[400];
    struct trace t;

    (void)state;
    for (int y = 0; y < 400; y++)
        x[y] = 60 + 0.05 * y;
    for (int k = 1; k < 10; k++) {
        x[40 * k] += 150;                       /* there and back within two rows */
        x[40 * k + 15] += 90;                   /* and a slower one */
        x[40 * k + 14] += 45;
        x[40 * k + 16] += 45;
    }
    curve(&p, 0, x, 0, 399);
    trace(&p, one_solid, 1, &t);
    for (int k = 1; k < 10; k++) {
        assert_float_equal(t.x[40 * k], x[40 * k], 2.6);
        assert_float_equal(t.x[40 * k + 15], x[40 * k + 15], 2.6);
        assert_float_equal(t.x[40 * k - 4], x[40 * k - 4], 0.5);
    }
    trace_clear(&t);
    page_free(&p);
}

/* A random number under 65536. */
static uint32_t next(uint32_t *random)
{
    return (*random = *random * 1664525u + 1013904223u) >> 16;
}

/* Swings of up to 100 columns that turn every three to six rows: what is seen of them is one bar a row. */
static void test_swings_that_run_into_one_another(void **state)
{
    enum { ROWS = 600 };
    struct page p = page_of(1, ROWS);
    static double x[ROWS];
    uint32_t random = 1;
    double from = 150;
    struct trace t;

    (void)state;
    for (int y = 0; y < ROWS;) {
        int rows = 3 + (int)next(&random) % 4;
        double to = 100 + (double)next(&random) / 65536 * 100;

        for (int k = 0; k < rows && y < ROWS; k++, y++)
            x[y] = from + (to - from) * k / rows;
        from = to;
    }
    curve(&p, 0, x, 0, ROWS - 1);
    trace(&p, one_solid, 1, &t);
    assert_true(share_near(&t, x, 10, ROWS - 11, 0.01 * WIDTH) > 0.8);
    trace_clear(&t);
    page_free(&p);
}

/* The last columns of a kick whose strokes there and back are one blob, thinner than the pen. */
static void test_tip_that_is_thinner_than_the_pen(void **state)
{
    enum { ROWS = 200, AT = 100, TIP = 190 };
    const enum curve_style style = STYLE_SOLID;
    struct page p = page_of(1, ROWS);
    struct trace t;

    (void)state;
    for (int k = -1; k <= 2; k++) {   /* a pen of six columns */
        stroke(&p, 0, 100 + k, 0, 100 + k, AT - 6, 4);
        stroke(&p, 0, 100 + k, AT + 6, 100 + k, ROWS - 1, 4);
    }
    stroke(&p, 0, 100, AT - 6, TIP - 12, AT - 1, 4);
    stroke(&p, 0, 100, AT + 6, TIP - 12, AT + 1, 4);
    for (int x = TIP - 14; x <= TIP; x++)
        for (int y = AT - 2; y <= AT + 2; y++)
            p.logits[y * COLUMNS + x] = 4;
    trace(&p, &style, 1, &t);
    assert_true(fabs(t.x[AT] - (TIP - 3)) < 0.01 * WIDTH);
    trace_clear(&t);
    page_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kicks_keep_their_tips),
        cmocka_unit_test(test_swings_that_run_into_one_another),
        cmocka_unit_test(test_tip_that_is_thinner_than_the_pen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

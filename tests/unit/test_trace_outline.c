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

/* Moves ink from class 0 to class 1 in columns first..last. */
static void restyle(struct page *p, int first, int last)
{
    for (int y = 0; y < p->rows; y++)
        for (int x = first; x <= last; x++) {
            float *as_0 = &p->logits[y * COLUMNS + x], *as_1 = &p->logits[(p->rows + y) * COLUMNS + x];

            *as_1 = fmaxf(*as_0, *as_1);
            *as_0 = -9;
        }
}

/* Of one line that swings fast the network takes parts for another style. */
static void test_tips_in_another_style(void **state)
{
    struct page p = page_of(2, 400);
    static double x[400];
    struct trace t;

    (void)state;
    for (int y = 0; y < 400; y++)
        x[y] = 60;
    for (int k = 1; k < 10; k++) {
        x[40 * k - 1] += 75;
        x[40 * k] += 150;
        x[40 * k + 1] += 75;
    }
    curve(&p, 0, x, 0, 399);
    restyle(&p, 120, 150);
    restyle(&p, 185, COLUMNS - 1);
    trace(&p, one_solid, 1, &t);
    for (int k = 1; k < 10; k++)
        assert_float_equal(t.x[40 * k], x[40 * k], 2.6);
    trace_clear(&t);
    page_free(&p);
}

/* A curve of another style that is not asked for, and touches one that goes straight. */
static void test_another_curve_that_touches_is_no_tip(void **state)
{
    struct page p = page_of(2, 400);
    static double x[400], beside[400];
    struct trace t;

    (void)state;
    for (int y = 0; y < 400; y++) {
        x[y] = 60;
        beside[y] = 65 + abs(y % 40 - 20) * 4;
    }
    curve(&p, 0, x, 0, 399);
    curve(&p, 1, beside, 0, 399);
    trace(&p, one_solid, 1, &t);
    assert_true(share_near(&t, x, 5, 394, 0.5) == 1);
    trace_clear(&t);
    page_free(&p);
}

/* A random number under 65536. */
static uint32_t next(uint32_t *random)
{
    return (*random = *random * 1664525u + 1013904223u) >> 16;
}

/* Swings of up to 100 columns that turn every three to six rows, or every two to four: x: [rows]. */
static void swing(double *x, int rows, int least, int kinds)
{
    uint32_t random = 1;
    double from = 150;

    for (int y = 0; y < rows;) {
        int until = y + least + (int)next(&random) % kinds, first = y;
        double to = 100 + (double)next(&random) / 65536 * 100;

        for (; y < until && y < rows; y++)
            x[y] = from + (to - from) * (y - first) / (until - first);
        from = to;
    }
}

/* What is seen of them is one bar a row. */
static void test_swings_that_run_into_one_another(void **state)
{
    enum { ROWS = 600 };
    struct page p = page_of(1, ROWS);
    static double x[ROWS];
    struct trace t;

    (void)state;
    swing(x, ROWS, 3, 4);
    curve(&p, 0, x, 0, ROWS - 1);
    trace(&p, one_solid, 1, &t);
    assert_true(share_near(&t, x, 10, ROWS - 11, 0.01 * WIDTH) > 0.8);
    trace_clear(&t);
    page_free(&p);
}

enum { SCAN_ROWS = 600 };

/* A scan of one curve: its ink, and the row that cannot be read. */
struct scan {
    double x[SCAN_ROWS];
    uint8_t ink[SCAN_ROWS][COLUMNS];
    int last, fails_after;
};

static enum err_code give(void *ctx, int y, uint8_t *ink, struct err *e)
{
    struct scan *s = ctx;

    assert_true(y > s->last);
    s->last = y;
    if (y > s->fails_after)
        return err_set(e, ERR_MALFORMED, "a bad row");
    memcpy(ink, s->ink[y], COLUMNS);
    return ERR_OK;
}

/* The mask of a curve that swings every two to four rows, and its scan with a pen of some radius. */
static struct page page_of_swings(struct scan *s, double radius)
{
    struct page p = page_of(1, SCAN_ROWS), ink = page_of(1, SCAN_ROWS);

    memset(s, 0, sizeof *s);
    s->last = -1;
    s->fails_after = SCAN_ROWS;
    swing(s->x, SCAN_ROWS, 2, 3);
    curve(&p, 0, s->x, 0, SCAN_ROWS - 1);
    curve(&ink, 0, s->x, 0, SCAN_ROWS - 1);
    for (int y = 0; y < SCAN_ROWS; y++)
        for (int k = 0; k < COLUMNS; k++)   /* stroke's logit falls by 6 a column, to 0 at 1.6 from the line */
            s->ink[y][k] = ink.logits[y * COLUMNS + k] > 6 * (1.6 - radius) ? 180 : 20;
    page_free(&ink);
    return p;
}

/* Their strokes are one in the mask, but not in the ink of a thin pen. */
static void test_thin_ink_tells_swings_apart(void **state)
{
    static struct scan s;
    struct page p = page_of_swings(&s, 1);
    struct err e = {0};
    struct trace by_mask, by_ink;

    (void)state;
    trace(&p, one_solid, 1, &by_mask);
    assert_int_equal(trace_scan(&p, one_solid, 1, give, NULL, &s, &by_ink, &e), ERR_OK);
    double mask_share = share_near(&by_mask, s.x, 10, SCAN_ROWS - 11, 0.01 * WIDTH);
    double ink_share = share_near(&by_ink, s.x, 10, SCAN_ROWS - 11, 0.01 * WIDTH);
    assert_true(ink_share > mask_share + 0.1);
    trace_clear(&by_ink);
    trace_clear(&by_mask);
    page_free(&p);
}

/* Ink that says nothing of swings, an even fill, does not draw the curve anywhere. */
static void test_a_fill_changes_nothing(void **state)
{
    static struct scan s;
    struct page p = page_of_swings(&s, 1);
    struct err e = {0};
    struct trace by_mask, by_fill;

    (void)state;
    memset(s.ink, 180, sizeof s.ink);
    trace(&p, one_solid, 1, &by_mask);
    assert_int_equal(trace_scan(&p, one_solid, 1, give, NULL, &s, &by_fill, &e), ERR_OK);
    for (int y = 0; y < SCAN_ROWS; y++)
        assert_float_equal(by_fill.x[y], by_mask.x[y], 0);
    trace_clear(&by_fill);
    trace_clear(&by_mask);
    page_free(&p);
}

static void test_a_scan_that_cannot_be_read(void **state)
{
    static struct scan s;
    struct page p = page_of_swings(&s, 1);
    struct err e = {0};
    struct trace t;

    (void)state;
    s.fails_after = 300;
    assert_int_equal(trace_scan(&p, one_solid, 1, give, NULL, &s, &t, &e), ERR_MALFORMED);
    assert_null(t.x);
    page_free(&p);
}

/* Ink everywhere but in the upper half: whatever that makes of the curves, it is read. */
static enum err_code give_halves(void *ctx, int y, uint8_t *ink, struct err *e)
{
    (void)e;
    memset(ink, y < *(int *)ctx / 2 ? 20 : 180, COLUMNS);
    return ERR_OK;
}

/* Curves of two classes, one of which swings but for calm stretches: what a pool may share out. */
static void test_a_pool_changes_nothing(void **state)
{
    enum { ROWS = 2400, EACH = 300, CALM = 40 };
    const enum curve_style styles[] = {STYLE_SOLID, STYLE_DASHED};
    static double x[ROWS], beside[ROWS];
    struct page p = page_of(2, ROWS);
    struct err e = {0};
    struct trace alone[2], shared[2];
    int rows = ROWS;

    (void)state;
    swing(x, ROWS, 2, 3);
    for (int y = 0; y < ROWS; y++) {
        x[y] = y % EACH < CALM ? x[y - y % EACH] : x[y];
        beside[y] = 240 + 10 * sin(y / 60.0);
    }
    curve(&p, 0, x, 0, ROWS - 1);
    for (int y = 0; y + 20 < ROWS; y += 30)
        curve(&p, 1, beside, y, y + 20);
    assert_int_equal(trace_scan(&p, styles, 2, give_halves, NULL, &rows, alone, &e), ERR_OK);
    assert_int_equal(pool_create(&p.pool, 3, &e), ERR_OK);
    assert_int_equal(trace_scan(&p, styles, 2, give_halves, NULL, &rows, shared, &e), ERR_OK);
    for (int k = 0; k < 2; k++) {
        assert_true(share_near(&alone[k], k ? beside : x, 10, ROWS - 11, 0.01 * WIDTH) > 0.5);
        assert_memory_equal(shared[k].x, alone[k].x, ROWS * sizeof *alone[k].x);
        assert_memory_equal(shared[k].confidence, alone[k].confidence, ROWS * sizeof *alone[k].confidence);
        trace_clear(&alone[k]);
        trace_clear(&shared[k]);
    }
    pool_free(p.pool);
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
        cmocka_unit_test(test_tips_in_another_style),
        cmocka_unit_test(test_another_curve_that_touches_is_no_tip),
        cmocka_unit_test(test_swings_that_run_into_one_another),
        cmocka_unit_test(test_thin_ink_tells_swings_apart),
        cmocka_unit_test(test_a_fill_changes_nothing),
        cmocka_unit_test(test_a_scan_that_cannot_be_read),
        cmocka_unit_test(test_a_pool_changes_nothing),
        cmocka_unit_test(test_tip_that_is_thinner_than_the_pen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

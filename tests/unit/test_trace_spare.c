#include "postproc/trace_spare.h"
#include "tests/unit/trace_page.h"

enum { ROWS = 1500 };

/* A swinging curve, a straight line along the right edge, and a dashed curve on the left. */
static struct page page_with_tension_line(double *swing, double *straight, double *dashed)
{
    struct page p = page_of(2, ROWS);

    for (int y = 0; y < ROWS; y++) {
        swing[y] = 150 + 70 * sin(y / 9.0);
        straight[y] = RIGHT - 12;
        dashed[y] = LEFT + 25 + 6 * sin(y / 40.0);
    }
    curve(&p, 0, swing, 0, ROWS - 1);
    curve(&p, 0, straight, 0, ROWS - 1);
    curve(&p, 1, dashed, 0, ROWS - 1);
    return p;
}

static const enum curve_style solid_and_dashed[] = {STYLE_SOLID, STYLE_DASHED};

/* Traces the solid curve alone, beside a dashed one that is there but was not asked for: it has to be x. */
static void assert_alone_is(const struct page *p, const double *x)
{
    struct trace t;

    trace(p, solid_and_dashed, 1, &t);
    assert_true(share_near(&t, x, 10, ROWS - 10, 2.6) > 0.95);
    trace_clear(&t);
}

static void test_the_curve_that_swings_is_meant(void **state)
{
    static double swing[ROWS], straight[ROWS], dashed[ROWS];
    struct page p = page_with_tension_line(swing, straight, dashed);
    struct trace t[2];

    (void)state;
    trace(&p, solid_and_dashed, 2, t);
    assert_true(share_near(&t[0], swing, 10, ROWS - 10, 2.6) > 0.95);
    assert_true(share_near(&t[1], dashed, 10, ROWS - 10, 2.6) > 0.95);
    assert_alone_is(&p, swing);
    trace_clear(&t[0]);
    trace_clear(&t[1]);
    page_free(&p);
}

static void test_two_that_are_asked_for_are_both_given(void **state)
{
    static const enum curve_style all[] = {STYLE_SOLID, STYLE_SOLID, STYLE_DASHED};
    static double swing[ROWS], straight[ROWS], dashed[ROWS];
    struct page p = page_with_tension_line(swing, straight, dashed);
    struct trace t[3];

    (void)state;
    trace(&p, all, 3, t);
    assert_true(share_near(&t[0], swing, 10, ROWS - 10, 2.6) > 0.95);
    assert_true(share_near(&t[1], straight, 10, ROWS - 10, 2.6) > 0.95);
    for (int i = 0; i < 3; i++)
        trace_clear(&t[i]);
    page_free(&p);
}

/* A dashed curve that swings, half of whose dashes the network calls solid. */
static void test_a_dashed_curve_taken_for_solid_is_not_meant(void **state)
{
    static double swing[ROWS], straight[ROWS];
    struct page p = page_of(2, ROWS);
    struct trace t[2];

    (void)state;
    for (int y = 0; y < ROWS; y++) {
        swing[y] = 100 + 50 * sin(y / 9.0);
        straight[y] = RIGHT - 40 + 10 * sin(y / 50.0);
    }
    curve(&p, 0, straight, 0, ROWS - 1);
    curve(&p, 1, swing, 0, ROWS - 1);
    for (int y = 0; y + 31 < ROWS; y += 60)
        curve(&p, 0, swing, y, y + 30);
    trace(&p, solid_and_dashed, 2, t);
    assert_true(share_near(&t[0], straight, 10, ROWS - 10, 2.6) > 0.95);
    assert_true(share_near(&t[1], swing, 10, ROWS - 10, 2.6) > 0.95);
    assert_alone_is(&p, straight);
    trace_clear(&t[0]);
    trace_clear(&t[1]);
    page_free(&p);
}

static void two_lines_of(struct line *line, struct line *spare, int rows)
{
    struct err e = {0};

    assert_int_equal(line_alloc(line, rows, &e), ERR_OK);
    assert_int_equal(line_alloc(spare, rows, &e), ERR_OK);
    line->radius = spare->radius = 1.5f;
}

static void two_lines(struct line *line, struct line *spare)
{
    two_lines_of(line, spare, ROWS);
}

/* Settles the two on a track of the page's width. */
static bool settles(struct line *line, struct line *spare)
{
    struct err e = {0};
    struct page p = page_of(1, line->rows);
    struct trace_track track = {.left = p.left, .right = p.right};
    struct evidence ev = {.track = &track};
    bool changed = false;

    assert_int_equal(spare_settle(line, spare, &ev, &changed, &e), ERR_OK);
    page_free(&p);
    return changed;
}

/* Settles the two, of which the curve at column 50 is meant all the way, and frees them. */
static void settle_at_50(struct line *line, struct line *spare, bool changes)
{
    assert_int_equal(settles(line, spare), changes);
    for (int y = 0; y < ROWS; y++)
        assert_int_equal(line->path[y], 50);
    line_free(line);
    line_free(spare);
}

static void test_nothing_is_taken_where_the_line_is_not(void **state)
{
    struct line line = {0}, spare = {0};

    (void)state;
    two_lines(&line, &spare);
    for (int y = 0; y < ROWS; y++) {
        line.path[y] = 50;
        spare.path[y] = 200;
        line.ink[y] = y < 100 ? INK_OWN : INK_NONE;   /* ends at 100, while the other goes on with wide strokes */
        spare.ink[y] = INK_OWN;
        line.lo[y] = 48.5f;
        line.hi[y] = 51.5f;
        spare.lo[y] = 190;
        spare.hi[y] = 210;
        line.rival[y] = 0.9f;
    }
    assert_false(spare_suspected(&line));
    for (int y = 40; y < ROWS; y++)
        spare.lo[y] = 198.5f, spare.hi[y] = 201.5f;
    settle_at_50(&line, &spare, false);
}

/* The paths exchange their curves at a row: the curve goes on, and it is the one that swings later. */
static void test_a_curve_goes_on_where_paths_exchange(void **state)
{
    enum { AT = 700 };
    struct line line = {0}, spare = {0};

    (void)state;
    two_lines(&line, &spare);
    for (int y = 0; y < ROWS; y++) {
        line.path[y] = y < AT ? 200 : 50;
        spare.path[y] = y < AT ? 50 : 200;
        line.ink[y] = spare.ink[y] = INK_OWN;
        line.lo[y] = spare.lo[y] = 48.5f;
        line.hi[y] = y < AT ? 51.5f : 54.5f;
        spare.hi[y] = y < AT ? 51.8f : 51.5f;   /* too little alone */
    }
    settle_at_50(&line, &spare, true);
}

/* A curve that comes back on the track's other side now and then, where the printed border is the other line, is not
 * exchanged for it, nor is the border taken for a curve. */
static void test_a_border_is_no_spare(void **state)
{
    struct line line = {0}, spare = {0};
    int first[ROWS];

    (void)state;
    two_lines(&line, &spare);
    for (int y = 0; y < ROWS; y++) {
        first[y] = line.path[y] = y / 20 % 7 == 3 ? LEFT + 1 + y % 5 : RIGHT - 1 - y % 20;
        spare.path[y] = LEFT + y / 20 % 2;
        line.ink[y] = spare.ink[y] = INK_OWN;
        line.lo[y] = (float)line.path[y] - 1.5f;
        line.hi[y] = (float)line.path[y] + 1.5f;
        spare.lo[y] = LEFT - 4;
        spare.hi[y] = LEFT + 4;
    }
    assert_false(settles(&line, &spare));
    assert_memory_equal(line.path, first, sizeof first);
    line_free(&line);
    line_free(&spare);
}

/* A curve that kicks, each time to where scraps of ink beside it begin, which are wide but not there in every row. */
static void test_scraps_are_no_second_curve(void **state)
{
    struct line line = {0}, spare = {0};
    int first[ROWS];

    (void)state;
    two_lines(&line, &spare);
    for (int y = 0; y < ROWS; y++) {
        bool kick = y / 20 % 5 == 2;

        first[y] = line.path[y] = kick ? 200 : 50;
        spare.path[y] = kick ? 50 : 120;
        line.ink[y] = INK_OWN;
        spare.ink[y] = y % 20 < 16 ? INK_OWN : INK_NONE;
        line.lo[y] = spare.lo[y] = 40;
        line.hi[y] = 43;
        spare.hi[y] = 46;
        line.rival[y] = 0.9f;
    }
    assert_true(spare_suspected(&line));
    assert_false(settles(&line, &spare));
    assert_memory_equal(line.path, first, sizeof first);
    line_free(&line);
    line_free(&spare);
}

/* Over the first part of a long log another line is drawn beside the curve, which the path has followed there. */
static void test_a_second_curve_may_end(void **state)
{
    enum { LONG = 6000, ENDS = 3000 };
    struct line line = {0}, spare = {0};

    (void)state;
    two_lines_of(&line, &spare, LONG);
    for (int y = 0; y < LONG; y++) {
        line.path[y] = y < ENDS ? 200 : 50;
        spare.path[y] = y < ENDS ? 50 : 120;
        line.ink[y] = INK_OWN;
        spare.ink[y] = y < ENDS ? INK_OWN : INK_NONE;
        line.lo[y] = spare.lo[y] = 40;
        line.hi[y] = 43;
        spare.hi[y] = 46;
    }
    assert_true(settles(&line, &spare));
    for (int y = 0; y < LONG; y++)
        assert_int_equal(line.path[y], 50);
    line_free(&line);
    line_free(&spare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_curve_that_swings_is_meant),
        cmocka_unit_test(test_two_that_are_asked_for_are_both_given),
        cmocka_unit_test(test_a_dashed_curve_taken_for_solid_is_not_meant),
        cmocka_unit_test(test_nothing_is_taken_where_the_line_is_not),
        cmocka_unit_test(test_a_curve_goes_on_where_paths_exchange),
        cmocka_unit_test(test_a_border_is_no_spare),
        cmocka_unit_test(test_scraps_are_no_second_curve),
        cmocka_unit_test(test_a_second_curve_may_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

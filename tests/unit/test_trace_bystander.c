#include "postproc/trace_bystander.h"
#include "tests/unit/trace_page.h"

enum { ROWS = 600, AT = 100 };

static const enum curve_style dotted = STYLE_DOTTED;

/* Inks a line straight down in rows first..end-1. */
static void straight(struct page *p, enum curve_style style, int x, int first, int end)
{
    stroke(p, style, x, first, x, end - 1, 4);
}

/* Whether a dashed line at column x in that share of the rows is suspected. */
static bool suspects(int x, double share)
{
    struct page p = page_of(2, ROWS);
    struct trace_track track = {.left = p.left, .right = p.right};
    uint8_t scratch[COLUMNS];
    struct evidence ev;
    struct mask *mask;
    bool suspected;

    straight(&p, STYLE_DASHED, x, 0, (int)(share * ROWS));
    straight(&p, STYLE_SOLID, AT, 0, ROWS);
    mask = mask_of(&p);
    evidence_init(&ev, mask, &track, STYLE_DASHED, scratch);
    suspected = bystander_suspected(&ev);
    mask_free(mask);
    page_free(&p);
    return suspected;
}

static void test_ink_throughout_the_track_is_suspected(void **state)
{
    (void)state;
    assert_true(suspects(150, 0.8));
    assert_true(suspects(RIGHT, 0.8));   /* the last column of the track */
    assert_false(suspects(150, 0.4));
    assert_false(suspects(COLUMNS - 4, 1));   /* beside the track */
}

/* A line with ink of that kind in that share of its rows, of which another curve explains those of another share. */
static struct line line_of(enum ink ink, double share, double explained, struct claim *claim)
{
    struct err e = {0};
    struct line line;

    assert_int_equal(line_alloc(&line, ROWS, &e), ERR_OK);
    for (int y = 0; y < ROWS; y++) {
        bool inked = y < share * ROWS;

        line.path[y] = AT;
        line.x[y] = AT;
        line.ink[y] = (uint8_t)(inked ? ink : INK_NONE);
        line.peak[y] = inked ? 0.9f : 0;
        claim[y] = y < explained * ROWS ? (struct claim){AT - 2, AT + 2} : (struct claim){0, -1};
    }
    return line;
}

static void assert_judged(enum ink ink, double share, double explained, bool there, bool leaves)
{
    struct claim claim[ROWS];
    const struct claim *at = claim;
    struct claims others = {&at, 1};
    struct line line = line_of(ink, share, explained, claim);

    assert_int_equal(bystander_share(&line, &others) >= BYSTANDER_LEAST, there);
    assert_int_equal(bystander_leaves(&line, &others), leaves);
    line_free(&line);
}

static void test_a_line_with_ink_of_its_own_is_a_curve(void **state)
{
    (void)state;
    assert_judged(INK_OWN, 1, 0, true, true);
    assert_judged(INK_OWN, 0.5, 0, true, true);
    assert_judged(INK_OWN, 0.4, 0, false, true);
    assert_judged(INK_OWN, 0.2, 0, false, false);
}

static void test_ink_of_others_makes_no_curve(void **state)
{
    (void)state;
    assert_judged(INK_OWN, 1, 0.6, false, true);
    assert_judged(INK_OWN, 1, 0.8, false, false);
    assert_judged(INK_SPARE, 1, 0, false, true);   /* the network's mistake about one that was asked for */
    assert_judged(INK_BORROWED, 1, 0, false, false);
}

/* A dotted line of which the network takes all but 100 rows for dashes. */
static void test_a_curve_that_is_taken_for_one_of_another_style_keeps_its_ink(void **state)
{
    struct page p = page_of(3, ROWS);
    double x[ROWS];
    struct trace t;

    (void)state;
    for (int y = 0; y < ROWS; y++)
        x[y] = AT;
    straight(&p, STYLE_DASHED, AT, 0, 250);
    straight(&p, STYLE_DOTTED, AT, 250, 350);
    straight(&p, STYLE_DASHED, AT, 350, ROWS);
    trace(&p, &dotted, 1, &t);
    assert_true(share_near(&t, x, 0, ROWS - 1, 2) > 0.95);
    assert_int_equal(t.drawn, STYLE_DOTTED);
    trace_clear(&t);
    page_free(&p);
}

/* The style that a curve is drawn in which is asked for in that style, or in which one is guessed, in a track with a line of
 * style `there` only; whether it has values. */
static enum curve_style drawn_as(enum curve_style there, enum curve_style asked, bool guessed, bool *found)
{
    struct page p = page_of(3, ROWS);
    enum curve_style drawn;
    struct trace t;

    p.guessed = &guessed;
    straight(&p, there, AT, 0, ROWS);
    trace(&p, &asked, 1, &t);
    *found = count_null(&t) == 0;
    assert_true(*found || count_null(&t) == ROWS);
    drawn = t.drawn;
    trace_clear(&t);
    page_free(&p);
    return drawn;
}

static void test_what_is_not_there_may_be_drawn_otherwise(void **state)
{
    bool found;

    (void)state;
    for (enum curve_style there = 0; there < STYLE_COUNT; there++)
        for (enum curve_style asked = 0; asked < STYLE_COUNT; asked++) {
            bool alike = there == asked || (there != STYLE_SOLID && asked != STYLE_SOLID);   /* dashes or dots */

            assert_int_equal(drawn_as(there, asked, false, &found), there);   /* named at least */
            assert_int_equal(found, alike);
            assert_int_equal(drawn_as(there, asked, true, &found), there);
            assert_true(found);
        }
}

static void test_what_was_asked_for_is_no_other_curve(void **state)
{
    static const enum curve_style both[] = {STYLE_DASHED, STYLE_DOTTED};
    struct page p = page_of(3, ROWS);
    struct trace t[2];

    (void)state;
    straight(&p, STYLE_DASHED, AT, 0, ROWS);
    trace(&p, both, 2, t);
    assert_int_equal(count_null(&t[0]), 0);
    assert_int_equal(count_null(&t[1]), ROWS);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(t[i].drawn, both[i]);
        trace_clear(&t[i]);
    }
    page_free(&p);
}

static void test_nothing_is_left_for_a_style_that_is_not_there(void **state)
{
    struct page p = page_of(3, ROWS);
    struct trace t;

    (void)state;
    straight(&p, STYLE_SOLID, AT, 0, ROWS);
    trace(&p, &dotted, 1, &t);
    assert_int_equal(count_null(&t), ROWS);
    trace_clear(&t);
    page_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ink_throughout_the_track_is_suspected),
        cmocka_unit_test(test_a_line_with_ink_of_its_own_is_a_curve),
        cmocka_unit_test(test_ink_of_others_makes_no_curve),
        cmocka_unit_test(test_a_curve_that_is_taken_for_one_of_another_style_keeps_its_ink),
        cmocka_unit_test(test_what_is_not_there_may_be_drawn_otherwise),
        cmocka_unit_test(test_what_was_asked_for_is_no_other_curve),
        cmocka_unit_test(test_nothing_is_left_for_a_style_that_is_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

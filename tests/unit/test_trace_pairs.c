#include "postproc/trace_pairs.h"
#include "tests/unit/trace_page.h"

enum { ROWS = 600, MEET = 300, PART = 312 };

/* Two lines of one class by hand, whose paths touch in rows MEET to PART - 1. */
struct two {
    struct line a, b;
    struct mask *mask;
    struct trace_track track;
    struct page page;
    struct evidence evidence;
    uint8_t scratch[COLUMNS];
};

static void set(struct line *line, int y, double x, enum ink ink)
{
    line->path[y] = (int)lrint(x);
    line->ink[y] = (uint8_t)ink;
    line->x[y] = ink == INK_NONE ? NAN : (float)x;
}

static void two_open(struct two *t)
{
    static const enum curve_style style[] = {STYLE_SOLID, STYLE_SOLID};
    struct err e = {0};

    memset(t, 0, sizeof *t);
    t->page = page_of(1, ROWS);
    t->track = (struct trace_track){.left = t->page.left, .right = t->page.right, .style = style, .n = 2};
    assert_int_equal(line_alloc(&t->a, ROWS, &e), ERR_OK);
    assert_int_equal(line_alloc(&t->b, ROWS, &e), ERR_OK);
    assert_int_equal(mask_create(&t->mask, 1, ROWS, COLUMNS, &e), ERR_OK);
    evidence_init(&t->evidence, t->mask, &t->track, 0, t->scratch);
    t->a.radius = t->b.radius = 1.5f;
}

static void two_free(struct two *t)
{
    mask_free(t->mask);
    line_free(&t->a);
    line_free(&t->b);
    page_free(&t->page);
}

static bool exchanged(struct two *t)
{
    struct err e = {0};
    bool changed = false;

    assert_int_equal(pairs_untangle(&t->a, &t->evidence, &t->b, &t->evidence, &changed, &e), ERR_OK);
    return changed;
}

/* a runs down the page and turns off where b's path, off the track, has fallen upon it and goes straight on; b's ink
 * above is as given. */
static void keeps_its_place_beside_one_lost(enum ink above)
{
    struct two t;

    two_open(&t);
    for (int y = 0; y < ROWS; y++) {
        set(&t.a, y, y < PART ? 100 : 100 + fmin(60, 0.8 * (y - PART)), INK_OWN);
        set(&t.b, y, y < MEET ? 230 : 101, y < MEET ? above : INK_BORROWED);
    }
    assert_false(exchanged(&t));
    assert_int_equal(t.a.path[ROWS - 1], 160);
    two_free(&t);
}

static void test_a_curve_that_left_the_track_takes_no_other_ones_place(void **state)
{
    (void)state;
    keeps_its_place_beside_one_lost(INK_OWN);
}

/* What is there above and below goes on as itself beside a line that is there on neither side. */
static void test_a_line_without_ink_changes_places_with_none(void **state)
{
    (void)state;
    keeps_its_place_beside_one_lost(INK_BORROWED);
}

/* Two lines that meet at MEET and turn back there, a the left one throughout. */
struct meeting {
    double a_shakes, b_shakes;   /* columns */
    int calm_to;                 /* row from which b shakes */
    double far;                  /* columns that each goes from the meeting */
};

/* Whether they are led straight across one another instead. */
static bool cross_straight(struct meeting m)
{
    struct two t;
    bool crossed;

    two_open(&t);
    for (int y = 0; y < ROWS; y++) {
        double away = fmin(m.far, 0.4 * abs(y - MEET)), shake = y / 3 % 2 ? 1 : -1;

        set(&t.a, y, 150 - away + shake * m.a_shakes, INK_OWN);
        set(&t.b, y, 150 + away + shake * (y < m.calm_to ? 0 : m.b_shakes), INK_OWN);
    }
    exchanged(&t);
    crossed = (t.a.path[0] < 150) != (t.a.path[ROWS - 1] < 150);
    two_free(&t);
    return crossed;
}

/* Two that are there all the way go on straight. */
static void test_curves_that_meet_cross_straight(void **state)
{
    (void)state;
    assert_true(cross_straight((struct meeting){.far = COLUMNS}));
    assert_true(cross_straight((struct meeting){3, 3, .far = COLUMNS}));
}

static void test_the_restless_one_of_two_stays_restless(void **state)
{
    (void)state;
    assert_false(cross_straight((struct meeting){0, 3, .far = COLUMNS}));
    assert_false(cross_straight((struct meeting){3, 1, .far = COLUMNS}));
}

static void test_two_that_keep_to_their_lanes_stay_there(void **state)
{
    (void)state;
    assert_false(cross_straight((struct meeting){.far = 20}));
    assert_false(cross_straight((struct meeting){4, 4, .far = 20}));
    assert_true(cross_straight((struct meeting){.far = 80}));
}

/* One that is restless below only may be either of two calm ones above. */
static void test_texture_that_is_not_steady_tells_nothing(void **state)
{
    (void)state;
    assert_true(cross_straight((struct meeting){0, 3, MEET, COLUMNS}));
}

/* A calm and a restless line that meet once, below, and whose paths leap to one another's place above. */
static void test_lines_that_leap_to_one_another_keep_their_texture(void **state)
{
    enum { LEAP = 120, MEETING = 450 };
    struct two t;

    (void)state;
    two_open(&t);
    for (int y = 0; y < ROWS; y++) {
        double calm = 60 + 0.1 * y, restless = calm + fmin(45, 0.5 * abs(y - MEETING)) + (y / 3 % 2 ? 3 : -3);

        set(&t.a, y, y < LEAP ? calm : restless, INK_OWN);
        set(&t.b, y, y < LEAP ? restless : calm, INK_OWN);
    }
    assert_true(exchanged(&t));
    assert_true((t.a.path[0] < t.b.path[0]) == (t.a.path[ROWS - 1] < t.b.path[ROWS - 1]));
    two_free(&t);
}

/* Two that run apart, the thicker pen's line on the left above and on the right below. */
static void test_lines_apart_do_not_leap_to_one_another(void **state)
{
    struct two t;

    (void)state;
    two_open(&t);
    for (int y = 0; y < ROWS; y++) {
        set(&t.a, y, 100, INK_OWN);
        set(&t.b, y, 200, INK_OWN);
        t.a.shade[y] = t.b.shade[y] = 255;
        t.a.breadth[y] = y < ROWS / 3 ? 16 : 8;
        t.b.breadth[y] = y < ROWS / 3 ? 8 : 16;
        t.a.claim[y] = (struct claim){98, 102};
        t.b.claim[y] = (struct claim){198, 202};
    }
    assert_false(exchanged(&t));
    assert_int_equal(t.a.path[0], 100);
    assert_int_equal(t.a.path[ROWS - 1], 100);
    two_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_curve_that_left_the_track_takes_no_other_ones_place),
        cmocka_unit_test(test_a_line_without_ink_changes_places_with_none),
        cmocka_unit_test(test_curves_that_meet_cross_straight),
        cmocka_unit_test(test_lines_apart_do_not_leap_to_one_another),
        cmocka_unit_test(test_lines_that_leap_to_one_another_keep_their_texture),
        cmocka_unit_test(test_texture_that_is_not_steady_tells_nothing),
        cmocka_unit_test(test_the_restless_one_of_two_stays_restless),
        cmocka_unit_test(test_two_that_keep_to_their_lanes_stay_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "postproc/trace_ruled.h"
#include "tests/unit/trace_page.h"

enum { ROWS = 2400, SWITCH = 900, CHANGE = 1600 };

/* A bit size and a caliper in a track that drifts, by hand: lines a and b, which exchange the two at row SWITCH. */
struct two {
    struct line a, b;
    struct page page;
    float gain[ROWS];
};

static void set(struct line *line, int y, double x)
{
    line->x[y] = (float)x;
    line->ink[y] = INK_OWN;
}

/* bit, caliper: columns from the track's left edge, [ROWS]. */
static void two_open(struct two *t, const double *bit, const double *caliper)
{
    struct err e = {0};

    memset(t, 0, sizeof *t);
    t->page = page_of(1, ROWS);
    assert_int_equal(line_alloc(&t->a, ROWS, &e), ERR_OK);
    assert_int_equal(line_alloc(&t->b, ROWS, &e), ERR_OK);
    for (int y = 0; y < ROWS; y++) {
        t->page.left[y] = LEFT + 10 * sin(y / 200.0);
        t->page.right[y] = t->page.left[y] + WIDTH;
        set(y < SWITCH ? &t->a : &t->b, y, t->page.left[y] + bit[y]);
        set(y < SWITCH ? &t->b : &t->a, y, t->page.left[y] + caliper[y]);
    }
}

static void gain_of(struct two *t)
{
    struct trace_track track = {.left = t->page.left, .right = t->page.right};
    struct err e = {0};

    assert_int_equal(ruled_gain(&t->a, &t->b, &track, t->gain, &e), ERR_OK);
}

static void two_free(struct two *t)
{
    line_free(&t->a);
    line_free(&t->b);
    page_free(&t->page);
}

/* In gauge for half of a cycle, right of the bit's size at washouts. */
static double caliper_at(double bit, int y)
{
    return bit + fmax(0, 40 * sin(y / 30.0));
}

/* Most rows are after SWITCH: what they say is right, and the others are to be exchanged; or the other way. */
static void assert_exchange(const struct two *t, const double *bit, const double *caliper, bool above)
{
    for (int y = 0; y < ROWS; y++) {
        double out = caliper[y] - bit[y];

        if (out == 0)
            assert_true(fabsf(t->gain[y]) < 0.2f);
        else if (out > 5)
            assert_true((y < SWITCH) == above ? t->gain[y] > 0.2f : t->gain[y] < -0.2f);
    }
}

/* What is said of a bit whose size changes at row CHANGE, where other traits have said `other` above row SWITCH. */
static void tell_apart(double bit_above, double bit_below, float other)
{
    double bit[ROWS], caliper[ROWS];
    struct two t;

    for (int y = 0; y < ROWS; y++) {
        bit[y] = y < CHANGE ? bit_above : bit_below;
        caliper[y] = caliper_at(bit[y], y);
    }
    two_open(&t, bit, caliper);
    for (int y = 0; y < SWITCH; y++)
        t.gain[y] = other;
    gain_of(&t);
    assert_exchange(&t, bit, caliper, other == 0);
    two_free(&t);
}

static void test_the_bit_size_is_told_from_the_caliper(void **state)
{
    (void)state;
    tell_apart(90, 90, 0);
}

static void test_the_bit_size_may_change(void **state)
{
    (void)state;
    tell_apart(90, 150, 0);
}

/* What other traits say of which is the ruled one counts more than what most rows say. */
static void test_other_traits_say_which_is_right(void **state)
{
    (void)state;
    tell_apart(90, 90, -0.1f);
}

static void assert_silent(const double *bit, const double *caliper)
{
    struct two t;

    two_open(&t, bit, caliper);
    gain_of(&t);
    for (int y = 0; y < ROWS; y++)
        assert_float_equal(t.gain[y], 0, 0);
    two_free(&t);
}

static void test_two_that_swing_are_not_ruled(void **state)
{
    static double first[ROWS], second[ROWS];

    (void)state;
    for (int y = 0; y < ROWS; y++) {
        first[y] = 80 + 30 * sin(y / 25.0);
        second[y] = 150 + 40 * sin(y / 40.0);
    }
    assert_silent(first, second);
}

static void test_two_that_both_keep_to_a_column_are_left(void **state)
{
    static double first[ROWS], second[ROWS];

    (void)state;
    for (int y = 0; y < ROWS; y++) {
        first[y] = 80;
        second[y] = 150;
    }
    assert_silent(first, second);
}

/* One that pegs for a while, as pens do at a stop. */
static void test_a_curve_that_pegs_is_not_ruled(void **state)
{
    static double first[ROWS], second[ROWS];

    (void)state;
    for (int y = 0; y < ROWS; y++) {
        first[y] = y < 700 ? 200 : 80 + 30 * sin(y / 25.0);
        second[y] = 150 + 40 * sin(y / 40.0);
    }
    assert_silent(first, second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_bit_size_is_told_from_the_caliper),
        cmocka_unit_test(test_the_bit_size_may_change),
        cmocka_unit_test(test_other_traits_say_which_is_right),
        cmocka_unit_test(test_two_that_swing_are_not_ruled),
        cmocka_unit_test(test_two_that_both_keep_to_a_column_are_left),
        cmocka_unit_test(test_a_curve_that_pegs_is_not_ruled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

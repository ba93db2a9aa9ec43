#include "postproc/trace_stroke.h"
#include "tests/unit/trace_page.h"

enum { ROWS = 1200 };

/* Two solid curves that meet again and again, and how dark and how thick they are on the scan. */
struct scan {
    double light[ROWS], dark[ROWS];
    int least, most;     /* darkness of the two */
    double thin, thick;  /* half the width of the light one and of the dark one */
    int tints[2];        /* of the light one and the dark one; 0: a scan without colours */
    int noise;           /* up to this much less, row by row, under both */
    int smeared;         /* row from which a smear on its far side hides how thick the light one is; 0: none */
    int fails_at, asked; /* row; rows asked for so far, until all have been */
};

static enum err_code give(void *ctx, int y, uint8_t *ink, struct err *e)
{
    struct scan *s = ctx;

    if (s->asked < ROWS)   /* then for those in which a curve swings fast */
        assert_int_equal(y, s->asked++);
    if (y == s->fails_at)
        return err_set(e, ERR_MALFORMED, "a bad row");
    for (int x = 0; x < COLUMNS; x++) {
        ink[x] = 0;
        if (fabs(x - s->light[y]) < s->thin)
            ink[x] = (uint8_t)(s->least - s->noise * (y * 7 % 11) / 10);
        if (s->smeared && y >= s->smeared && x > s->light[y] - 60 && x < s->light[y])
            ink[x] = (uint8_t)s->least;
        if (fabs(x - s->dark[y]) < s->thick)
            ink[x] = (uint8_t)(s->most - s->noise * (y * 5 % 13) / 12);
    }
    return ERR_OK;
}

static enum err_code give_tint(void *ctx, int y, uint8_t *tint, struct err *e)
{
    const struct scan *s = ctx;

    (void)e;
    assert_int_equal(y, s->asked - 1);   /* after the row's shades */
    for (int x = 0; x < COLUMNS; x++)
        tint[x] = (uint8_t)(fabs(x - s->dark[y]) < s->thick ? s->tints[1] : fabs(x - s->light[y]) < s->thin ? s->tints[0] : 128);
    return ERR_OK;
}

/* Where they meet they turn back, so that their directions speak for a crossing. */
static struct page page_of_two(struct scan *s)
{
    struct page p = page_of(1, ROWS);

    for (int y = 0; y < ROWS; y++) {
        double swing = fabs(60 * sin(y * 3.14159265 / 150));

        s->light[y] = 150 - swing;
        s->dark[y] = 150 + swing;
    }
    curve(&p, 0, s->light, 0, ROWS - 1);
    curve(&p, 0, s->dark, 0, ROWS - 1);
    s->fails_at = -1;
    return p;
}

static enum err_code trace_two(const struct page *p, struct scan *s, struct trace *out, struct err *e)
{
    static const enum curve_style style[] = {STYLE_SOLID, STYLE_SOLID};

    return trace_scan(p, style, 2, give, s->tints[0] ? give_tint : NULL, s, out, e);
}

/* Share of rows in which the two of a scan come back as the light and the dark one, or the thin and the thick one. */
static double told_apart_on(struct scan *s)
{
    struct err e = {0};
    struct trace t[2];
    struct page p = page_of_two(s);
    double share;

    assert_int_equal(trace_two(&p, s, t, &e), ERR_OK);
    assert_int_equal(s->asked, ROWS);
    share = (share_near(&t[0], s->light, 5, ROWS - 5, 3) + share_near(&t[1], s->dark, 5, ROWS - 5, 3)) / 2;
    trace_clear(&t[0]);
    trace_clear(&t[1]);
    page_free(&p);
    return share;
}

static double told_apart_of(int least, int most, int noise, double thin, double thick)
{
    static struct scan s;

    s = (struct scan){.least = least, .most = most, .noise = noise, .thin = thin, .thick = thick};
    return told_apart_on(&s);
}

static double told_apart(int least, int most, int noise)
{
    return told_apart_of(least, most, noise, 2, 2);
}

static void test_the_thicker_line_stays_the_thicker_one(void **state)
{
    (void)state;
    assert_true(told_apart_of(255, 255, 0, 1, 3) > 0.97);
    assert_true(told_apart_of(255, 255, 0, 1.5, 2.5) > 0.97);
    assert_true(told_apart_of(230, 230, 100, 1, 3) > 0.97);
}

static void test_the_thickness_of_one_line_tells_both(void **state)
{
    static struct scan s;

    (void)state;
    s = (struct scan){.least = 255, .most = 255, .thin = 1, .thick = 3, .smeared = ROWS / 3};
    assert_true(told_apart_on(&s) > 0.97);
}

static void test_a_fill_has_no_thickness(void **state)
{
    (void)state;
    assert_true(told_apart_of(255, 255, 0, 60, 90) < 0.9);
}

static void test_the_darker_line_stays_the_darker_one(void **state)
{
    (void)state;
    assert_true(told_apart(236, 255, 0) > 0.97);
    assert_true(told_apart(150, 250, 20) > 0.97);
}

static void test_colours_tell_lines_of_one_shade(void **state)
{
    static struct scan s;

    (void)state;
    s = (struct scan){.least = 250, .most = 250, .thin = 2, .thick = 2, .tints = {128, 170}};
    assert_true(told_apart_on(&s) > 0.97);
    s = (struct scan){.least = 250, .most = 250, .thin = 2, .thick = 2, .tints = {128, 136}};
    assert_true(told_apart_on(&s) < 0.9);
}

static void test_ink_of_one_pen_says_nothing(void **state)
{
    (void)state;
    assert_true(told_apart(255, 255, 0) < 0.9);
    assert_true(told_apart(240, 245, 100) < 0.9);
}

static void test_a_row_that_cannot_be_read_is_said(void **state)
{
    static struct scan s;
    struct err e = {0};
    struct trace t[2];
    struct page p = page_of_two(&s);

    (void)state;
    s.fails_at = 700;
    assert_int_equal(trace_two(&p, &s, t, &e), ERR_MALFORMED);
    assert_null(t[0].x);
    assert_null(t[1].x);
    page_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_darker_line_stays_the_darker_one),
        cmocka_unit_test(test_colours_tell_lines_of_one_shade),
        cmocka_unit_test(test_the_thicker_line_stays_the_thicker_one),
        cmocka_unit_test(test_the_thickness_of_one_line_tells_both),
        cmocka_unit_test(test_a_fill_has_no_thickness),
        cmocka_unit_test(test_ink_of_one_pen_says_nothing),
        cmocka_unit_test(test_a_row_that_cannot_be_read_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

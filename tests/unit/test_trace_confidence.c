#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "postproc/trace_confidence.h"
#include "postproc/trace_finish.h"

enum { ROWS = 1600, AT = 200 };

/* Two strong straight lines, far apart, in a track 300 columns wide. */
struct scene {
    double left[ROWS], right[ROWS];
    struct trace_track track;
    struct line line[2];
    float confidence[ROWS];
};

static void scene_make(struct scene *s)
{
    struct err e = {0};

    for (size_t i = 0; i < 2; i++)
        assert_int_equal(line_alloc(&s->line[i], ROWS, &e), ERR_OK);
    for (int y = 0; y < ROWS; y++) {
        s->left[y] = 0;
        s->right[y] = 300;
        for (int i = 0; i < 2; i++) {
            struct line *line = &s->line[i];

            line->ink[y] = INK_OWN;
            line->x[y] = line->centre[y] = 100 + 100 * (float)i;
            line->lo[y] = line->x[y] - 1.5f;
            line->hi[y] = line->x[y] + 1.5f;
            line->radius = 1.5f;
            line->peak[y] = 0.95f;
        }
    }
    s->track = (struct trace_track){.left = s->left, .right = s->right};
}

static void scene_free(struct scene *s)
{
    line_free(&s->line[0]);
    line_free(&s->line[1]);
}

/* The confidence of the first of the scene's first n lines in row AT. */
static float confidence_of(struct scene *s, size_t n)
{
    struct err e = {0};

    assert_int_equal(finish_confidence(s->line, n, 0, &s->track, s->confidence, &e), ERR_OK);
    return s->confidence[AT];
}

static void test_a_strong_straight_line_is_sure(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    assert_true(confidence_of(&s, 1) > 0.95f);
    for (int y = 0; y < ROWS; y++)
        assert_true(s.confidence[y] > 0.95f && s.confidence[y] <= 1);
    assert_float_equal(confidence_of(&s, 2), confidence_of(&s, 1), 1e-6);
    scene_free(&s);
}

static void test_nulls_have_none_and_take_nothing_from_the_others(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    float before = confidence_of(&s, 1);
    for (int y = 0; y < AT; y++)
        s.line[0].x[y] = NAN;
    assert_float_equal(confidence_of(&s, 1), before, 1e-6);
    assert_true(s.confidence[AT - 1] == 0);
    scene_free(&s);
}

static void test_each_trouble_makes_doubt(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    float doubt = 1 - confidence_of(&s, 2);
    s.line[0].peak[AT + 4] = 0.3f;                 /* faint nearby */
    assert_true(1 - confidence_of(&s, 2) > 1.5f * doubt);
    s.line[0].peak[AT + 4] = 0.95f;
    s.line[0].rival[AT] = 0.9f;                    /* as much ink of its style elsewhere */
    assert_true(1 - confidence_of(&s, 2) > 1.5f * doubt);
    s.line[0].rival[AT] = 0;
    for (int y = AT - 60; y < AT + 60; y++)        /* jitter of 1 % of the track's width */
        s.line[0].centre[y] += y % 2 ? 3 : 0;
    assert_true(confidence_of(&s, 2) < 0.8f);
    scene_free(&s);
}

static void test_lines_that_meet_doubt_who_is_who(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    float sure = confidence_of(&s, 2);
    s.line[1].x[20] = 104;
    float once = confidence_of(&s, 2);
    s.line[1].x[350] = 96;
    s.line[1].x[352] = 96;
    float twice = confidence_of(&s, 2);
    assert_true(once < sure && twice < once);
    s.line[1].x[360] = 104;                        /* the same meeting */
    assert_float_equal(confidence_of(&s, 2), twice, 1e-6);
    assert_float_equal(confidence_of(&s, 1), sure, 1e-6);
    scene_free(&s);
}

/* Whether the first of n lines of a style is believed to be there, beside a curve of another style that claims what
 * `other`: [ROWS] says; NULL for none. */
static bool believed_beside(const struct scene *s, size_t n, const struct claim *other)
{
    struct claims others = {&other, other ? 1 : 0};
    struct err e = {0};
    float belief;

    assert_int_equal(finish_belief(s->line, n, 0, &s->track, &others, &belief, &e), ERR_OK);
    return belief >= 1;
}

static bool believed(const struct scene *s, size_t n)
{
    return believed_beside(s, n, NULL);
}

/* Makes rows first..end-1 of the first line what is followed where no curve is: pieces of grid and of other curves. */
static void make_doubtful(struct scene *s, int first, int end)
{
    for (int y = first; y < end; y++) {
        s->line[0].ink[y] = y % 10 ? INK_BORROWED : INK_OWN;
        s->line[0].peak[y] = 0.3f;
        s->line[0].rival[y] = 0.9f;
        s->line[0].centre[y] += (float)(y * 7 % 13);
    }
}

static void test_a_curve_that_is_nowhere_sure_is_not_believed(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    make_doubtful(&s, 0, ROWS);
    assert_false(believed(&s, 1));
    assert_false(believed(&s, 2));
    scene_free(&s);
    scene_make(&s);   /* a good stretch is enough */
    make_doubtful(&s, 0, ROWS / 2);
    assert_true(believed(&s, 1));
    assert_true(believed(&s, 2));
    scene_free(&s);
}

static void test_a_wild_curve_in_plain_ink_is_believed(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    make_doubtful(&s, 0, ROWS);
    for (int y = 0; y < ROWS; y++) {
        s.line[0].ink[y] = INK_OWN;
        s.line[0].peak[y] = 0.6f;
    }
    assert_true(believed(&s, 1));
    assert_false(believed(&s, 2));   /* it may be pieced together from ink of the other */
    scene_free(&s);
}

/* Puts the first line on faint ink of its style, sure of where, not of what, and another curve `away` columns from it. */
static void lie_beside(struct scene *s, struct claim *other, int away)
{
    for (int y = 0; y < ROWS; y++) {
        int x = (int)s->line[0].x[y];

        s->line[0].path[y] = x;
        s->line[0].peak[y] = 0.45f;
        other[y] = (struct claim){x + away - 2, x + away + 2};
    }
}

static void test_a_copy_of_another_curve_is_not_believed(void **state)
{
    struct claim other[ROWS];
    struct scene s;

    (void)state;
    scene_make(&s);
    lie_beside(&s, other, 0);
    assert_true(confidence_of(&s, 2) > 0.5f);
    assert_false(believed_beside(&s, 1, other));
    scene_free(&s);
    scene_make(&s);   /* the same, and nothing explains it */
    lie_beside(&s, other, 22);
    assert_true(believed_beside(&s, 1, other));
    scene_free(&s);
}

static void test_ink_left_over_by_other_styles_must_be_surer(void **state)
{
    struct claim other[ROWS];
    struct scene s;

    (void)state;
    scene_make(&s);
    lie_beside(&s, other, 22);
    float sure = confidence_of(&s, 1);
    for (int y = 0; y < ROWS; y++)   /* as many rows off it as leave a mean of 0.46 */
        s.line[0].ink[y] = (float)(y % 50) < 50 * 0.46f / sure ? INK_OWN : INK_BORROWED;
    assert_true(believed(&s, 1));
    assert_false(believed_beside(&s, 1, other));
    scene_free(&s);
}

/* As a sonic porosity that comes into its track at washouts only. */
static void test_a_curve_that_comes_into_the_track_for_a_while_is_believed(void **state)
{
    struct scene s;

    (void)state;
    for (int rows = 60; rows <= 100; rows += 40) {
        scene_make(&s);
        for (int y = rows; y < ROWS; y++) {
            s.line[0].x[y] = NAN;
            s.line[0].ink[y] = INK_NONE;
        }
        for (int y = 0; y < rows; y++)   /* a kick: rough, whoever's it is */
            s.line[0].centre[y] += (float)(y * 7 % 13);
        assert_int_equal(believed(&s, 1), rows == 100);
        scene_free(&s);
    }
}

/* A line of which the first `own` rows are its own and the others in ink that another style's explains; it jitters from row
 * `calm` on by so many columns, and another of its style is plainly there in the first `beside` rows, `apart` columns away. */
struct piece { int own, calm; float jitter; int beside, apart; };

static bool believed_piece(struct piece piece, float *confidence)
{
    struct claim other[ROWS];
    struct scene s;
    bool there;

    scene_make(&s);
    for (int y = 0; y < ROWS; y++) {
        int x = (int)s.line[0].x[y] + (y < piece.own ? 22 : 0);

        s.line[0].path[y] = (int)s.line[0].x[y];
        s.line[0].centre[y] += y >= piece.calm && y % 2 ? piece.jitter : 0;
        s.line[1].path[y] = s.line[0].path[y] + piece.apart;
        s.line[1].ink[y] = y < piece.beside ? INK_OWN : INK_BORROWED;
        other[y] = (struct claim){x - 2, x + 2};
    }
    *confidence = confidence_of(&s, 2);
    there = believed_beside(&s, 2, other);
    scene_free(&s);
    return there;
}

static void test_one_of_several_is_sure_in_all_or_where_it_is_by_itself(void **state)
{
    float confidence;

    (void)state;
    assert_false(believed_piece((struct piece){.own = 230, .jitter = 2.6f}, &confidence));   /* pieces of others */
    assert_true(confidence > 0.4f * 300 / 230 && confidence < 0.48f * ROWS / 230 && confidence < 0.8f);
    assert_true(believed_piece((struct piece){.own = ROWS, .jitter = 2.6f}, &confidence));
    /* Goes together with another from there on. */
    assert_true(believed_piece((struct piece){.own = 150, .calm = ROWS}, &confidence));
    assert_true(confidence > 0.8f && confidence < 0.48f * ROWS / 150);
    assert_false(believed_piece((struct piece){.own = 900, .calm = 150, .jitter = 4.5f}, &confidence));
    /* Plainly there in 300 rows. */
    assert_true(believed_piece((struct piece){.own = 900, .calm = 300, .jitter = 4.5f}, &confidence));
}

static void test_one_of_several_that_is_there_beside_the_others_is_believed(void **state)
{
    struct piece piece = {.own = 230, .jitter = 2.6f, .beside = ROWS * 8 / 100, .apart = 100};
    float confidence;

    (void)state;
    assert_true(believed_piece(piece, &confidence));
    piece.beside = ROWS * 6 / 100;
    assert_false(believed_piece(piece, &confidence));
    piece = (struct piece){.own = 230, .jitter = 2.6f, .beside = ROWS, .apart = 4};   /* the rim of the other one */
    assert_false(believed_piece(piece, &confidence));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_strong_straight_line_is_sure),
        cmocka_unit_test(test_nulls_have_none_and_take_nothing_from_the_others),
        cmocka_unit_test(test_each_trouble_makes_doubt),
        cmocka_unit_test(test_lines_that_meet_doubt_who_is_who),
        cmocka_unit_test(test_a_curve_that_is_nowhere_sure_is_not_believed),
        cmocka_unit_test(test_a_wild_curve_in_plain_ink_is_believed),
        cmocka_unit_test(test_a_copy_of_another_curve_is_not_believed),
        cmocka_unit_test(test_ink_left_over_by_other_styles_must_be_surer),
        cmocka_unit_test(test_one_of_several_is_sure_in_all_or_where_it_is_by_itself),
        cmocka_unit_test(test_one_of_several_that_is_there_beside_the_others_is_believed),
        cmocka_unit_test(test_a_curve_that_comes_into_the_track_for_a_while_is_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

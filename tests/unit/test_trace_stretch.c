#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "postproc/trace_stretch.h"

enum { ROWS = 600, FIRST = 200, END = 320 };

/* A line at column 100 that in rows FIRST..END-1 is at 300, on ink of a curve of another style. */
struct scene {
    struct line line;
    struct claim claim[ROWS];
};

static void scene_make(struct scene *s)
{
    struct err e = {0};

    assert_int_equal(line_alloc(&s->line, ROWS, &e), ERR_OK);
    for (int y = 0; y < ROWS; y++) {
        int x = y >= FIRST && y < END ? 300 : 100;

        s->line.path[y] = x;
        s->line.x[y] = (float)x;
        s->line.lo[y] = (float)x - 1.5f;
        s->line.hi[y] = (float)x + 1.5f;
        s->line.ink[y] = x == 300 ? INK_BORROWED : INK_OWN;
        s->line.peak[y] = x == 300 ? 0.12f : 0.9f;
        s->claim[y] = (struct claim){297, 303};
    }
}

/* Clears the scene's line; whether rows FIRST..END-1 went.  All others have to stay. */
static bool goes(struct scene *s)
{
    const struct claim *claim = s->claim;
    struct claims others = {&claim, 1};
    int nulls = 0;

    stretch_clear(&s->line, &others);
    for (int y = 0; y < ROWS; y++) {
        assert_true(!isnan(s->line.x[y]) || (y >= FIRST && y < END));
        nulls += isnan(s->line.x[y]);
    }
    assert_true(nulls == 0 || nulls == END - FIRST);
    line_free(&s->line);
    return nulls > 0;
}

static void test_a_stretch_on_another_curve_goes(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    assert_true(goes(&s));
}

static void test_a_stretch_of_its_own_stays(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);   /* where no curve explains the ink */
    for (int y = 0; y < ROWS; y++)
        s.claim[y] = (struct claim){397, 403};
    assert_false(goes(&s));
    scene_make(&s);   /* where its own is plainly to be seen beside the other in one row of six */
    for (int y = FIRST; y < END; y += 6) {
        s.line.ink[y] = INK_OWN;
        s.line.peak[y] = 0.9f;
        s.claim[y] = (struct claim){0, -1};
    }
    assert_false(goes(&s));
}

static void test_what_ink_leads_to_stays(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    for (int y = FIRST - 1; y <= END; y += END - FIRST + 1) {   /* kicks drawn in one row: runs from 100 to 300 */
        s.line.lo[y] = 98.5f;
        s.line.hi[y] = 301.5f;
    }
    s.line.path[FIRST - 1] = s.line.path[END] = 200;
    assert_false(goes(&s));
}

static void test_what_leaps_once_or_never_stays(void **state)
{
    (void)state;
    for (int rows = END; rows <= ROWS; rows += ROWS - END) {   /* on the other curve from the first row on */
        struct scene s;

        scene_make(&s);
        for (int y = 0; y < rows; y++) {
            s.line.path[y] = 300;
            s.line.ink[y] = INK_BORROWED;
            s.line.peak[y] = 0.12f;
        }
        assert_false(goes(&s));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stretch_on_another_curve_goes),
        cmocka_unit_test(test_a_stretch_of_its_own_stays),
        cmocka_unit_test(test_what_ink_leads_to_stays),
        cmocka_unit_test(test_what_leaps_once_or_never_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/straighten.h"
#include "tests/unit/near.h"

enum { ROWS = 100 };

/* A region that begins at row 1000 of a scan of twice the network's resolution. */
static const struct mask_geometry half = { .x_origin = 30, .y_origin = 1000, .x_scale = 0.5, .y_scale = 0.5 };

static void rows_follow_the_edges_about_their_mean(void **state)
{
    (void)state;
    struct layout_edge slant[] = { { 1001, 100, 300 }, { 1199, 180, 380 } };
    struct layout_track track = { .x0 = 100, .x1 = 300, .edges = slant, .n_edges = 2 };
    struct layout layout = { .tracks = &track, .n_tracks = 1 };
    int shift[ROWS] = { 0 };
    struct straighten s = { .shift = shift };
    straighten_plan(&s, ROWS, &layout, &half);
    assert_true(s.planned);
    assert_int_equal(shift[0], -20);
    assert_int_equal(shift[24], -10);
    assert_int_equal(shift[50], 0);
    assert_int_equal(shift[ROWS - 1], 20);
    for (int y = 1; y < ROWS; y++)
        assert_in_range(shift[y] - shift[y - 1], 0, 1);
}

static void tracks_move_by_what_they_have_in_common(void **state)
{
    (void)state;
    struct layout_edge by_20[] = { { 1001, 100, 300 }, { 1199, 120, 320 } }, by_60[] = { { 1001, 400, 600 }, { 1199, 460, 660 } };
    struct layout_track tracks[] = { { .x0 = 100, .x1 = 300, .edges = by_20, .n_edges = 2 },
                                     { .x0 = 700, .x1 = 800 },
                                     { .x0 = 400, .x1 = 600, .edges = by_60, .n_edges = 2 } };
    struct layout layout = { .tracks = tracks, .n_tracks = 3 };
    int shift[ROWS] = { 0 };
    struct straighten s = { .shift = shift };
    straighten_plan(&s, ROWS, &layout, &half);
    assert_true(s.planned);
    assert_int_equal(shift[0], -10);
    assert_int_equal(shift[ROWS - 1], 10);
}

static void upright_tracks_do_not_move(void **state)
{
    (void)state;
    struct layout_edge level[] = { { 1010, 100, 301 }, { 1100, 105, 306 } };
    struct layout_track tracks[] = { { .x0 = 100, .x1 = 300, .edges = level, .n_edges = 1 }, { .x0 = 400, .x1 = 500 } };
    struct layout layout = { .tracks = tracks, .n_tracks = 2 };
    for (tracks[0].n_edges = 0; tracks[0].n_edges <= 2; tracks[0].n_edges++) {
        int shift[ROWS] = { 0 };
        struct straighten s = { .shift = shift };
        straighten_plan(&s, ROWS, &layout, &half);
        assert_true(s.planned == (tracks[0].n_edges > 0));
        for (int y = 0; y < ROWS; y++)
            assert_int_equal(shift[y], 0);
    }
}

/* Windows of 60 rows, 20 of them shared, on paper that lies `paper(y)` columns to the right. */
static void follow(struct straighten *s, double (*paper)(int y))
{
    enum { WINDOW = 60, SHARED = 20 };
    for (int y0 = 0, first = 0; first < ROWS; y0 += WINDOW - SHARED) {
        double drift[WINDOW];
        int y1 = y0 + WINDOW, hold = straighten_hold(s, first);
        for (int y = y0; y < y1; y++)
            drift[y - y0] = paper(y) - (y < first ? s->shift[y] : hold);
        straighten_follow(s, drift, y0, first, y1);
        first = y1;
    }
}

static double leaning(int y)
{
    return 0.4 * y;
}

static double leaning_from_the_second_window(int y)
{
    return y < 70 ? 2 : 2 - 0.3 * (y - 70);
}

static double hardly_moving(int y)
{
    return 5 + 0.04 * y;
}

static void leaning_paper_is_laid_straight_over_all_windows(void **state)
{
    (void)state;
    int shift[ROWS] = { 0 };
    struct straighten s = { .shift = shift };
    follow(&s, leaning);
    for (int y = 0; y < ROWS; y++)
        assert_near(leaning(y) - shift[y], 0, 1.6);   /* where the tracks were given */
    assert_near(s.place, leaning(ROWS - 1) - shift[ROWS - 1], 1e-9);
}

static void rows_seen_before_keep_their_shift(void **state)
{
    (void)state;
    int shift[ROWS] = { 0 };
    struct straighten s = { .shift = shift };
    follow(&s, leaning_from_the_second_window);
    for (int y = 0; y < 60; y++)
        assert_int_equal(shift[y], 0);
    for (int y = 60; y < ROWS; y++)
        assert_near(leaning_from_the_second_window(y) - shift[y], 2, 0.6);
    assert_near(s.place, 2, 0.6);
}

static void paper_that_hardly_moves_is_left_alone(void **state)
{
    (void)state;
    int shift[ROWS] = { 0 };
    struct straighten s = { .shift = shift };
    follow(&s, hardly_moving);
    for (int y = 0; y < ROWS; y++)
        assert_int_equal(shift[y], 0);
    assert_near(s.place, hardly_moving(ROWS - 1), 1e-9);
}

static void what_comes_in_is_paper(void **state)
{
    (void)state;
    static const struct { int shift; uint8_t want[5]; } cases[] = {
        { 0, { 1, 2, 3, 4, 5 } }, { 2, { 3, 4, 5, 0, 0 } }, { -1, { 0, 1, 2, 3, 4 } },
        { 5, { 0 } }, { -5, { 0 } }, { 1000, { 0 } }, { -1000, { 0 } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t row[] = { 1, 2, 3, 4, 5, 99 };
        straighten_row(row, 5, cases[i].shift);
        assert_memory_equal(row, cases[i].want, 5);
        assert_int_equal(row[5], 99);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_follow_the_edges_about_their_mean),
        cmocka_unit_test(tracks_move_by_what_they_have_in_common),
        cmocka_unit_test(upright_tracks_do_not_move),
        cmocka_unit_test(leaning_paper_is_laid_straight_over_all_windows),
        cmocka_unit_test(rows_seen_before_keep_their_shift),
        cmocka_unit_test(paper_that_hardly_moves_is_left_alone),
        cmocka_unit_test(what_comes_in_is_paper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

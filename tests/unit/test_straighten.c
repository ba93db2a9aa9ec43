#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/straighten.h"

enum { ROWS = 100 };

/* A region that begins at row 1000 of a scan of twice the network's resolution. */
static const struct mask_geometry half = { .x_origin = 30, .y_origin = 1000, .x_scale = 0.5, .y_scale = 0.5 };

static void rows_follow_the_edges_about_their_mean(void **state)
{
    (void)state;
    struct layout_edge slant[] = { { 1001, 100, 300 }, { 1199, 180, 380 } };
    struct layout_track track = { .x0 = 100, .x1 = 300, .edges = slant, .n_edges = 2 };
    struct layout layout = { .tracks = &track, .n_tracks = 1 };
    int shift[ROWS];
    straighten_plan(shift, ROWS, &layout, &half);
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
    int shift[ROWS];
    straighten_plan(shift, ROWS, &layout, &half);
    assert_int_equal(shift[0], -10);
    assert_int_equal(shift[ROWS - 1], 10);
}

static void upright_tracks_do_not_move(void **state)
{
    (void)state;
    struct layout_edge level[] = { { 1010, 100, 301 }, { 1100, 100.5, 301.5 } };
    struct layout_track tracks[] = { { .x0 = 100, .x1 = 300, .edges = level, .n_edges = 1 }, { .x0 = 400, .x1 = 500 } };
    struct layout layout = { .tracks = tracks, .n_tracks = 2 };
    int shift[ROWS];
    for (tracks[0].n_edges = 0; tracks[0].n_edges <= 2; tracks[0].n_edges++) {
        memset(shift, 1, sizeof shift);
        straighten_plan(shift, ROWS, &layout, &half);
        for (int y = 0; y < ROWS; y++)
            assert_int_equal(shift[y], 0);
    }
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
        cmocka_unit_test(rows_follow_the_edges_about_their_mean), cmocka_unit_test(tracks_move_by_what_they_have_in_common),
        cmocka_unit_test(upright_tracks_do_not_move),             cmocka_unit_test(what_comes_in_is_paper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

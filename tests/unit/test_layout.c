#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "postproc/layout.h"
#include "tests/unit/near.h"

static struct depth_line lines[] = { { 100, 1000 }, { 200, 1010 }, { 400, 1030 }, { 1000, 1060 } };

static struct layout four_lines(void)
{
    return (struct layout){ .y0 = 0, .y1 = 2000, .depth_unit = DEPTH_FT, .depth_lines = lines, .n_depth_lines = 4 };
}

static void depth_is_piecewise_linear(void **state)
{
    (void)state;
    struct layout l = four_lines();
    assert_near(layout_depth_at(&l, 100), 1000, 1e-12);
    assert_near(layout_depth_at(&l, 150), 1005, 1e-12);
    assert_near(layout_depth_at(&l, 200), 1010, 1e-12);
    assert_near(layout_depth_at(&l, 250), 1015, 1e-12);
    assert_near(layout_depth_at(&l, 700), 1045, 1e-12);
}

static void end_segments_extend(void **state)
{
    (void)state;
    struct layout l = four_lines();
    assert_near(layout_depth_at(&l, 0), 990, 1e-12);
    assert_near(layout_depth_at(&l, 2000), 1110, 1e-12);
    assert_near(layout_row_at(&l, 990), 0, 1e-9);
    assert_near(layout_row_at(&l, 1110), 2000, 1e-9);
}

static void row_undoes_depth(void **state)
{
    (void)state;
    struct layout l = four_lines();
    for (double y = -50; y < 1500; y += 7.3)
        assert_near(layout_row_at(&l, layout_depth_at(&l, y)), y, 1e-9);
}

static void depths_may_fall(void **state)
{
    (void)state;
    struct depth_line falling[] = { { 10, -500 }, { 20, -510 }, { 40, -515 } };
    struct layout l = { .depth_lines = falling, .n_depth_lines = 3 };
    for (double y = 0; y < 60; y += 1.7)
        assert_near(layout_row_at(&l, layout_depth_at(&l, y)), y, 1e-9);
    assert_near(layout_depth_at(&l, 30), -512.5, 1e-12);
}

static void edges_are_piecewise_linear_and_level_beyond(void **state)
{
    (void)state;
    struct layout_edge given[] = { { 100, 10, 50 }, { 200, 20, 70 }, { 400, 0, 70 } };
    struct layout_track t = { .x0 = 5, .x1 = 55, .edges = given, .n_edges = 3 };
    const double want[][3] = { { 0, 10, 50 }, { 100, 10, 50 }, { 150, 15, 60 }, { 200, 20, 70 }, { 350, 5, 70 }, { 900, 0, 70 } };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct layout_edge edge = layout_edges_at(&t, want[i][0]);
        assert_near(edge.x0, want[i][1], 1e-12);
        assert_near(edge.x1, want[i][2], 1e-12);
    }
    t.n_edges = 0;
    assert_near(layout_edges_at(&t, 150).x0, 5, 0);
    assert_near(layout_edges_at(&t, 150).x1, 55, 0);
}

static void styles_follow_the_order(void **state)
{
    (void)state;
    assert_int_equal(layout_style_by_order(0), STYLE_SOLID);
    assert_int_equal(layout_style_by_order(1), STYLE_DASHED);
    assert_int_equal(layout_style_by_order(2), STYLE_DOTTED);
    assert_int_equal(layout_style_by_order(3), STYLE_SOLID);
    assert_int_equal(layout_style_by_order(63), STYLE_SOLID);
}

static void clear_frees_and_zeroes(void **state)
{
    (void)state;
    struct layout l = { .y1 = 5, .depth_unit = DEPTH_M, .n_tracks = 2, .n_depth_lines = 1 };
    l.depth_lines = calloc(1, sizeof *l.depth_lines);
    l.tracks = calloc(2, sizeof *l.tracks);
    l.tracks[1].edges = calloc(1, sizeof *l.tracks[1].edges);
    l.tracks[1].curves = calloc(1, sizeof *l.tracks[1].curves);
    layout_clear(&l);
    assert_null(l.tracks);
    assert_null(l.depth_lines);
    assert_int_equal(l.n_tracks, 0);
    assert_int_equal(l.depth_unit, DEPTH_NONE);
    layout_clear(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depth_is_piecewise_linear), cmocka_unit_test(end_segments_extend),
        cmocka_unit_test(row_undoes_depth),          cmocka_unit_test(depths_may_fall),
        cmocka_unit_test(edges_are_piecewise_linear_and_level_beyond),
        cmocka_unit_test(styles_follow_the_order),   cmocka_unit_test(clear_frees_and_zeroes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

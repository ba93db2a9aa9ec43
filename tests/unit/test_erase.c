/* A traced stroke is measured and taken out of the ink around it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "postproc/erase.h"

enum { ROWS = 120, COLUMNS = 200 };

static uint8_t page[ROWS][COLUMNS];
static float x[ROWS];
static const struct erase_ink ink = {page[0], ROWS, COLUMNS};

/* Inks what lies within half of `thickness` of the curve, as a round pen does. */
static void draw(float thickness, uint8_t shade)
{
    for (int row = 0; row < ROWS; row++)
        for (int column = 0; column < COLUMNS; column++)
            for (int y = 0; y + 1 < ROWS; y++) {
                float dx = x[y + 1] - x[y], t = ((float)column - x[y]) * dx + (float)(row - y);

                if (isnan(dx))
                    continue;
                t = fmaxf(0, fminf(1, t / (dx * dx + 1)));
                if (hypotf((float)column - x[y] - t * dx, (float)row - (float)y - t) <= thickness / 2)
                    page[row][column] = shade;
            }
}

static int dark_pixels(void)
{
    int n = 0;

    for (int row = 0; row < ROWS; row++)
        for (int column = 0; column < COLUMNS; column++)
            n += page[row][column] > 0;
    return n;
}

static void slanted(void)
{
    memset(page, 0, sizeof page);
    for (int y = 0; y < ROWS; y++)
        x[y] = 20 + 0.7f * (float)y;
}

static void thickness_is_that_of_the_pen(void **state)
{
    (void)state;
    for (float thickness = 2; thickness < 8; thickness++) {
        slanted();
        draw(thickness, 200);
        assert_true(fabsf(erase_thickness(&ink, x) - thickness * hypotf(1, 0.7f)) <= 1);   /* across a row */
    }
}

static void thickness_is_unknown_where_nothing_is(void **state)
{
    (void)state;
    slanted();
    assert_float_equal(erase_thickness(&ink, x), 0, 0);
    memset(page, 255, sizeof page);   /* no stroke's edge to be seen */
    assert_float_equal(erase_thickness(&ink, x), 0, 0);
    memset(page, 0, sizeof page);
    draw(3, 200);
    for (int y = 0; y < ROWS; y++)
        x[y] = NAN;
    assert_float_equal(erase_thickness(&ink, x), 0, 0);
}

static void nothing_is_left_of_the_stroke(void **state)
{
    (void)state;
    slanted();
    for (int y = 40; y < 50; y++)
        x[y] = y % 2 ? 150 : 30;   /* kicks across the page */
    draw(3, 255);
    assert_true(dark_pixels() > 1500);
    erase_stroke(&ink, x, 4);
    assert_int_equal(dark_pixels(), 0);
}

static void what_lies_beside_stays(void **state)
{
    (void)state;
    slanted();
    memset(page, 90, sizeof page);
    erase_stroke(&ink, x, 3);
    for (int row = 5; row < ROWS - 5; row++)
        for (int column = 0; column < COLUMNS; column++) {
            float away = fabsf((float)column - x[row]) / hypotf(1, 0.7f);

            if (away < 1.2f)
                assert_int_equal(page[row][column], 0);
            if (away > 2)
                assert_int_equal(page[row][column], 90);
        }
}

static void gaps_and_the_page_s_edges(void **state)
{
    (void)state;
    slanted();
    memset(page, 90, sizeof page);
    for (int y = 0; y < ROWS; y++)
        x[y] = y < 20 ? -1 : y < 40 ? COLUMNS + 0.4f : NAN;
    x[80] = 100;   /* a row alone */
    erase_stroke(&ink, x, 6);
    assert_int_equal(page[10][1], 0);
    assert_int_equal(page[30][COLUMNS - 1], 0);
    assert_int_equal(page[60][100], 90);
    assert_int_equal(page[80][102], 0);
    assert_int_equal(page[84][100], 90);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thickness_is_that_of_the_pen),
        cmocka_unit_test(thickness_is_unknown_where_nothing_is),
        cmocka_unit_test(nothing_is_left_of_the_stroke),
        cmocka_unit_test(what_lies_beside_stays),
        cmocka_unit_test(gaps_and_the_page_s_edges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

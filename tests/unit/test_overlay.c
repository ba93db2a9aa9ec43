#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "postproc/overlay.h"
#include "tests/unit/png_read.h"

enum { COLUMNS = 90, ROWS = 60 };

struct drawn { struct trace trace; float x[ROWS], confidence[ROWS]; int wrap[ROWS]; };

static void straight(struct drawn *d, float x, float confidence)
{
    memset(d, 0, sizeof *d);
    d->trace = (struct trace){ d->x, d->confidence, d->wrap, ROWS, STYLE_SOLID };
    for (int y = 0; y < ROWS; y++) {
        d->x[y] = x;
        d->confidence[y] = confidence;
    }
}

static struct png_pixels draw(const struct overlay_track *tracks, size_t n, int reduce, uint8_t ink)
{
    uint8_t row[COLUMNS];
    struct overlay *o;
    struct err e = { 0 };
    FILE *file = tmpfile();
    memset(row, ink, sizeof row);
    assert_int_equal(overlay_begin(&o, file, COLUMNS, ROWS, reduce, tracks, n, &e), ERR_OK);
    for (int y = 0; y < ROWS; y++)
        assert_int_equal(overlay_push(o, row, &e), ERR_OK);
    if (overlay_end(o, &e) != ERR_OK)
        fail_msg("%s", e.text);
    struct png_pixels back = png_read_back(file);
    fclose(file);
    return back;
}

/* First and last column of a row that is not gray; -1 if all are. */
static void span(const struct png_pixels *p, unsigned y, int *first, int *last)
{
    *first = *last = -1;
    for (unsigned x = 0; x < p->width; x++)
        if (!png_is_gray(png_pixel(p, x, y))) {
            *last = (int)x;
            if (*first < 0)
                *first = (int)x;
        }
}

static void paper_is_white_and_ink_dark(void **state)
{
    (void)state;
    struct png_pixels paper = draw(NULL, 0, 1, 0), ink = draw(NULL, 0, 1, 255), pale = draw(NULL, 0, 1, 128);
    assert_int_equal(png_pixel(&paper, 5, 5)[0], 255);
    assert_int_equal(png_pixel(&ink, 5, 5)[0], 70);
    assert_true(png_is_gray(png_pixel(&pale, 5, 5)));
    assert_in_range(png_pixel(&pale, 5, 5)[0], 150, 175);
    assert_int_equal(paper.width, COLUMNS);
    assert_int_equal(paper.height, ROWS);
    free(paper.rgb);
    free(ink.rgb);
    free(pale.rgb);
}

static void a_curve_is_three_pixels_wide_where_it_is(void **state)
{
    (void)state;
    struct drawn d;
    int first, last;
    straight(&d, 20, 0.9f);
    struct overlay_track track = { 30, &d.trace, 1 };
    struct png_pixels p = draw(&track, 1, 1, 0);
    for (unsigned y = 0; y < ROWS; y++) {
        span(&p, y, &first, &last);
        assert_int_equal(first, 49);
        assert_int_equal(last, 51);
    }
    free(p.rgb);
}

static void nulls_are_not_bridged(void **state)
{
    (void)state;
    struct drawn d;
    int first, last;
    straight(&d, 20, 0.9f);
    for (int y = 20; y < 30; y++)
        d.x[y] = NAN;
    for (int y = 30; y < ROWS; y++)
        d.x[y] = 60;
    struct overlay_track track = { 0, &d.trace, 1 };
    struct png_pixels p = draw(&track, 1, 1, 0);
    for (unsigned y = 21; y < 29; y++) {
        span(&p, y, &first, &last);
        assert_int_equal(first, -1);
    }
    span(&p, 30, &first, &last);
    assert_int_equal(first, 59);
    free(p.rgb);
}

static void a_kick_is_one_unbroken_line(void **state)
{
    (void)state;
    struct drawn d;
    int first, last;
    straight(&d, 20, 0.9f);
    for (int y = 30; y < ROWS; y++)
        d.x[y] = 70;
    struct overlay_track track = { 0, &d.trace, 1 };
    struct png_pixels p = draw(&track, 1, 1, 0);
    for (unsigned x = 20; x <= 70; x++)
        assert_false(png_is_gray(png_pixel(&p, x, 29)) && png_is_gray(png_pixel(&p, x, 30)));
    span(&p, 27, &first, &last);
    assert_int_equal(last, 21);
    free(p.rgb);
}

static void a_wrap_is_not_drawn_across(void **state)
{
    (void)state;
    struct drawn d;
    straight(&d, 5, 0.9f);
    for (int y = 30; y < ROWS; y++) {
        d.x[y] = 80;
        d.wrap[y] = -1;
    }
    struct overlay_track track = { 0, &d.trace, 1 };
    struct png_pixels p = draw(&track, 1, 1, 0);
    for (unsigned y = 0; y < ROWS; y++)
        assert_true(png_is_gray(png_pixel(&p, 40, y)));
    free(p.rgb);
}

static void curves_differ_and_doubt_is_paler(void **state)
{
    (void)state;
    struct drawn a, b, c;
    straight(&a, 10, 0.9f);
    straight(&b, 30, 0.9f);
    straight(&c, 10, 0.2f);
    struct trace both[] = { a.trace, b.trace };
    struct overlay_track tracks[] = { { 0, both, 2 }, { 50, &c.trace, 1 } };
    struct png_pixels p = draw(tracks, 2, 1, 0);
    struct drawn low;
    straight(&low, 10, 0.2f);
    struct overlay_track doubtful = { 0, &low.trace, 1 };
    struct png_pixels q = draw(&doubtful, 1, 1, 0);
    const unsigned char *first = png_pixel(&p, 10, 5), *second = png_pixel(&p, 30, 5), *third = png_pixel(&p, 60, 5);
    assert_memory_not_equal(first, second, 3);
    assert_memory_not_equal(second, third, 3);
    assert_memory_not_equal(first, third, 3);
    const unsigned char *pale = png_pixel(&q, 10, 5);
    assert_true(pale[0] + pale[1] + pale[2] > first[0] + first[1] + first[2]);
    free(p.rgb);
    free(q.rgb);
}

static void ink_shows_through(void **state)
{
    (void)state;
    struct drawn d;
    straight(&d, 20, 0.9f);
    struct overlay_track track = { 0, &d.trace, 1 };
    struct png_pixels paper = draw(&track, 1, 1, 0), ink = draw(&track, 1, 1, 255);
    assert_true(png_pixel(&ink, 20, 5)[0] < png_pixel(&paper, 20, 5)[0]);
    assert_false(png_is_gray(png_pixel(&ink, 20, 5)));
    free(paper.rgb);
    free(ink.rgb);
}

static void reducing_averages_and_moves_the_curve(void **state)
{
    (void)state;
    struct drawn d;
    int first, last;
    straight(&d, 43, 0.9f);
    struct overlay_track track = { 0, &d.trace, 1 };
    struct png_pixels p = draw(&track, 1, 4, 255);
    assert_int_equal(p.width, 23);
    assert_int_equal(p.height, 15);
    span(&p, 7, &first, &last);
    assert_true(first <= 10 && last >= 10 && last - first <= 2);
    assert_int_equal(png_pixel(&p, 22, 14)[0], 70);   /* the last cell, of 2 columns only, is averaged over those */
    free(p.rgb);
}

static void curves_off_the_picture_are_cut(void **state)
{
    (void)state;
    struct drawn d;
    straight(&d, -500, 0.9f);
    for (int y = 30; y < ROWS; y++)
        d.x[y] = 5000;
    struct overlay_track track = { 0, &d.trace, 1 };
    struct png_pixels p = draw(&track, 1, 1, 0);
    assert_true(png_is_gray(png_pixel(&p, 40, 10)));
    assert_false(png_is_gray(png_pixel(&p, 40, 30)));   /* the kick crosses the picture */
    free(p.rgb);
}

static void rows_must_be_complete(void **state)
{
    (void)state;
    uint8_t row[COLUMNS] = { 0 };
    struct overlay *o;
    struct err e = { 0 };
    FILE *file = tmpfile();
    assert_int_equal(overlay_begin(&o, file, COLUMNS, 2, 1, NULL, 0, &e), ERR_OK);
    assert_int_equal(overlay_push(o, row, &e), ERR_OK);
    assert_int_equal(overlay_end(o, &e), ERR_INTERNAL);
    err_clear(&e);
    assert_int_equal(overlay_begin(&o, file, COLUMNS, 1, 1, NULL, 0, &e), ERR_OK);
    assert_int_equal(overlay_push(o, row, &e), ERR_OK);
    assert_int_equal(overlay_push(o, row, &e), ERR_INTERNAL);
    overlay_free(o);
    overlay_free(NULL);
    err_clear(&e);
    assert_int_equal(overlay_begin(&o, file, 0, 1, 1, NULL, 0, &e), ERR_INTERNAL);
    fclose(file);
}

static struct mask *two_lines(void)
{
    enum { W = 12, H = 7 };
    float logits[2][H][W];
    struct mask *mask;
    struct err e = { 0 };
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            logits[0][y][x] = x == 3 || (x == 5 && y == 6) ? 4 : -8;
            logits[1][y][x] = x == 8 || (x == 3 && y == 2) ? 4 : -8;
        }
    assert_int_equal(mask_create(&mask, 2, H, W, &e), ERR_OK);
    assert_int_equal(mask_put(mask, 0, H, &(struct mask_logits){&logits[0][0][0], H * W, W, W, 0, NULL}, &e), ERR_OK);
    return mask;
}

static void mask_has_a_colour_per_class(void **state)
{
    (void)state;
    struct mask *mask = two_lines();
    struct err e = { 0 };
    FILE *file = tmpfile();
    assert_int_equal(overlay_write_mask(file, mask, 1, &e), ERR_OK);
    struct png_pixels p = png_read_back(file);
    assert_int_equal(p.width, 12);
    assert_int_equal(p.height, 7);
    const unsigned char white[] = { 255, 255, 255 };
    assert_memory_equal(png_pixel(&p, 0, 0), white, 3);
    assert_memory_not_equal(png_pixel(&p, 3, 0), white, 3);
    assert_memory_not_equal(png_pixel(&p, 8, 0), png_pixel(&p, 3, 0), 3);
    assert_memory_not_equal(png_pixel(&p, 3, 2), png_pixel(&p, 3, 0), 3);   /* both classes */
    assert_memory_not_equal(png_pixel(&p, 3, 2), png_pixel(&p, 8, 0), 3);
    free(p.rgb);
    fclose(file);
    mask_free(mask);
}

static void a_reduced_mask_keeps_thin_lines(void **state)
{
    (void)state;
    struct mask *mask = two_lines();
    struct err e = { 0 };
    FILE *file = tmpfile();
    assert_int_equal(overlay_write_mask(file, mask, 5, &e), ERR_OK);
    struct png_pixels p = png_read_back(file);
    assert_int_equal(p.width, 3);
    assert_int_equal(p.height, 2);
    assert_false(png_is_gray(png_pixel(&p, 0, 1)));
    assert_false(png_is_gray(png_pixel(&p, 1, 0)));
    assert_true(png_is_gray(png_pixel(&p, 2, 1)));
    free(p.rgb);
    fclose(file);
    mask_free(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paper_is_white_and_ink_dark),
        cmocka_unit_test(a_curve_is_three_pixels_wide_where_it_is),
        cmocka_unit_test(nulls_are_not_bridged),
        cmocka_unit_test(a_kick_is_one_unbroken_line),
        cmocka_unit_test(a_wrap_is_not_drawn_across),
        cmocka_unit_test(curves_differ_and_doubt_is_paler),
        cmocka_unit_test(ink_shows_through),
        cmocka_unit_test(reducing_averages_and_moves_the_curve),
        cmocka_unit_test(curves_off_the_picture_are_cut),
        cmocka_unit_test(rows_must_be_complete),
        cmocka_unit_test(mask_has_a_colour_per_class),
        cmocka_unit_test(a_reduced_mask_keeps_thin_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

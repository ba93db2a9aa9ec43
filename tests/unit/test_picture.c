#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "postproc/picture.h"
#include "tests/unit/png_read.h"

static const struct picture_colour palette[] = { { 255, 255, 255 }, { 10, 20, 30 }, { 40, 50, 60 } };

static void rows_come_back(void **state)
{
    (void)state;
    for (int bits = 2; bits <= 8; bits *= 2) {
        const uint8_t rows[2][5] = { { 0, 1, 2, 0, 1 }, { 2, 2, 2, 1, 0 } };
        struct picture *p;
        struct err e = { 0 };
        FILE *file = tmpfile();
        assert_int_equal(picture_begin(&p, file, 5, 2, bits, palette, 3, &e), ERR_OK);
        assert_int_equal(picture_row(p, rows[0], &e), ERR_OK);
        assert_int_equal(picture_row(p, rows[1], &e), ERR_OK);
        assert_int_equal(picture_end(p, &e), ERR_OK);
        picture_free(p);
        struct png_pixels back = png_read_back(file);
        assert_int_equal(back.width, 5);
        assert_int_equal(back.height, 2);
        for (unsigned y = 0; y < 2; y++)
            for (unsigned x = 0; x < 5; x++)
                assert_memory_equal(png_pixel(&back, x, y), &palette[rows[y][x]], 3);
        free(back.rgb);
        fclose(file);
    }
}

static void impossible_sizes_are_refused(void **state)
{
    (void)state;
    struct picture *p;
    struct err e = { 0 };
    assert_int_equal(picture_begin(&p, stdout, 0, 2, 8, palette, 3, &e), ERR_INTERNAL);
    assert_null(p);
    err_clear(&e);
    assert_int_equal(picture_begin(&p, stdout, 2, 2, 1, palette, 3, &e), ERR_INTERNAL);
    assert_null(p);
}

static void too_few_rows_are_an_error(void **state)
{
    (void)state;
    struct picture *p;
    struct err e = { 0 };
    FILE *file = tmpfile();
    assert_int_equal(picture_begin(&p, file, 5, 2, 8, palette, 3, &e), ERR_OK);
    assert_int_equal(picture_end(p, &e), ERR_INTERNAL);
    picture_free(p);
    fclose(file);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    struct picture *p;
    struct err e = { 0 };
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    setvbuf(full, NULL, _IONBF, 0);
    assert_int_equal(picture_begin(&p, full, 5, 2, 8, palette, 3, &e), ERR_DISK_FULL);
    assert_null(p);
    fclose(full);
}

/* After a failure every further call says so, and nothing more is written. */
static void a_failure_lasts(void **state)
{
    (void)state;
    enum { COLUMNS = 4000, ROWS = 400 };
    uint8_t row[COLUMNS];
    struct picture *p;
    struct err e = { 0 };
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    enum err_code code = picture_begin(&p, full, COLUMNS, ROWS, 8, palette, 3, &e);   /* the header fits the stream's buffer */
    assert_int_equal(code, ERR_OK);
    unsigned seed = 1;
    for (int y = 0; y < ROWS && code == ERR_OK; y++) {
        for (int x = 0; x < COLUMNS; x++)
            row[x] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24) % 3;
        code = picture_row(p, row, &e);
    }
    assert_int_equal(code, ERR_DISK_FULL);
    err_clear(&e);
    assert_int_equal(picture_row(p, row, &e), ERR_DISK_FULL);
    err_clear(&e);
    assert_int_equal(picture_end(p, &e), ERR_DISK_FULL);
    picture_free(p);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back),      cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(too_few_rows_are_an_error), cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(a_failure_lasts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

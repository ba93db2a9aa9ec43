/* The scan reader: every kind of TIFF, orientations, refusals, damaged files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <sys/mman.h>

#include "server/scan.h"
#include "tests/unit/scan_tiffs.h"

static char path[64];
static int memory = -1;   /* the file under test: thousands are written */
static const struct scan_limits limits = { 100000000, 64 << 20 };

static int make_file(void **state)
{
    (void)state;
    memory = memfd_create("scan", 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
    return memory < 0 ? -1 : 0;
}

static int drop_file(void **state)
{
    (void)state;
    return close(memory);
}

static struct scan *open_ok(void)
{
    struct err e = { 0 };
    struct scan *scan = NULL;
    if (scan_open(&scan, path, &limits, &e) != ERR_OK)
        fail_msg("%s", e.text);
    return scan;
}

static void expect_refusal(enum err_code code, const char *text)
{
    struct err e = { 0 };
    struct scan *scan = NULL;
    enum err_code rc = scan_open(&scan, path, &limits, &e);
    if (rc != code)
        fail_msg("code %d, not %d: %s", rc, code, e.text);
    assert_null(scan);
    if (!strstr(e.text, text))
        fail_msg("expected \"%s\" in: %s", text, e.text);
}

static void check_row(const struct tiff_spec *spec, struct scan *scan, uint32_t y, uint32_t x0, uint32_t x1)
{
    uint8_t ink[256];
    struct err e = { 0 };
    if (scan_read(scan, (int)y, (int)x0, (int)x1, ink, &e) != ERR_OK)
        fail_msg("%s: %s", spec->name, e.text);
    for (uint32_t x = x0; x < x1; x++)
        if (fabs(ink[x - x0] - tiff_ink(spec, x, y)) > (spec->tolerance ? spec->tolerance : 1.6))
            fail_msg("%s: ink at %u, %u is %d, not %.1f", spec->name, x, y, ink[x - x0], tiff_ink(spec, x, y));
}

static void check_tints(const struct tiff_spec *spec, struct scan *scan, uint32_t y)
{
    uint8_t tint[256];
    double rgb[3];
    struct err e = { 0 };
    assert_int_equal(scan_has_tint(scan), tiff_colour(spec, 0, 0, rgb));
    assert_int_equal(scan_read_tint(scan, (int)y, 3, (int)spec->width - 2, tint, &e), ERR_OK);
    for (uint32_t x = 3; x < spec->width - 2; x++)
        if (fabs(tint[x - 3] - tiff_tint(spec, x, y)) > (spec->tolerance ? spec->tolerance : 1.6))
            fail_msg("%s: tint at %u, %u is %d, not %.1f", spec->name, x, y, tint[x - 3], tiff_tint(spec, x, y));
}

static void reads_every_kind(void **state)
{
    (void)state;
    for (int i = 0; i < TIFF_KINDS; i++) {
        const struct tiff_spec *spec = &tiff_kinds[i];
        assert_true(tiff_write(path, spec));
        struct scan *scan = open_ok();
        assert_int_equal(scan_info(scan)->width, spec->width);
        assert_int_equal(scan_info(scan)->height, spec->height);
        assert_int_equal(scan_info(scan)->bits, spec->bits);
        assert_int_equal(scan_info(scan)->samples, spec->samples);
        for (uint32_t y = 0; y < spec->height; y++) {
            check_row(spec, scan, y, 0, spec->width);
            check_tints(spec, scan, y);
        }
        assert_int_equal(scan_damaged_rows(scan), 0);
        scan_close(scan);
    }
}

static void reads_columns_in_any_order(void **state)
{
    (void)state;
    for (int i = 0; i < TIFF_KINDS; i++) {
        const struct tiff_spec *spec = &tiff_kinds[i];
        assert_true(tiff_write(path, spec));
        struct scan *scan = open_ok();
        for (uint32_t x0 = 0; x0 < 20; x0 += 3)
            check_row(spec, scan, 40, x0, spec->width - x0);
        check_row(spec, scan, 40, 50, 51);
        check_row(spec, scan, 3, 5, 6);
        check_row(spec, scan, 2, 0, spec->width);
        check_row(spec, scan, spec->height - 1, 31, 33);
        check_row(spec, scan, 0, 7, 17);
        scan_close(scan);
    }
}

/* Where display pixel (x, y) is stored (TIFF 6.0, Orientation). */
static void stored_at(const struct tiff_spec *spec, uint32_t x, uint32_t y, uint32_t *column, uint32_t *row)
{
    uint32_t right = spec->width - 1, bottom = spec->height - 1;
    const uint32_t at[8][2] = { { x, y },      { right - x, y },      { right - x, bottom - y },      { x, bottom - y },
                                { y, x },      { y, bottom - x },     { right - y, bottom - x },      { right - y, x } };
    *column = at[spec->orientation - 1][0];
    *row = at[spec->orientation - 1][1];
}

static void check_orientation(const struct tiff_spec *spec)
{
    uint8_t ink[256];
    struct err e = { 0 };
    assert_true(tiff_write(path, spec));
    struct scan *scan = open_ok();
    bool turned = spec->orientation > 4;
    uint32_t width = turned ? spec->height : spec->width, height = turned ? spec->width : spec->height;
    assert_int_equal(scan_info(scan)->width, width);
    assert_int_equal(scan_info(scan)->height, height);
    assert_float_equal(scan_info(scan)->dpi_x, turned ? 100 : 200, 0);
    assert_float_equal(scan_info(scan)->dpi_y, turned ? 200 : 100, 0);
    for (uint32_t y = 0; y < height; y++) {
        uint32_t x0 = y % 11, x1 = width - y % 7;
        assert_int_equal(scan_read(scan, (int)y, (int)x0, (int)x1, ink, &e), ERR_OK);
        for (uint32_t x = x0; x < x1; x++) {
            uint32_t column, row;
            stored_at(spec, x, y, &column, &row);
            if (fabs(ink[x - x0] - tiff_ink(spec, column, row)) > 1.6)
                fail_msg("%s, orientation %u: ink at %u, %u is %d", spec->name, spec->orientation, x, y, ink[x - x0]);
        }
    }
    assert_int_equal(scan_has_tint(scan), spec->photometric != PHOTOMETRIC_MINISWHITE && spec->orientation <= 2);
    if (scan_has_tint(scan)) {
        assert_int_equal(scan_read_tint(scan, 17, 10, 50, ink, &e), ERR_OK);
        for (uint32_t x = 10; x < 50; x++) {
            uint32_t column, row;
            stored_at(spec, x, 17, &column, &row);
            assert_float_equal(ink[x - 10], tiff_tint(spec, column, row), 1.6);
        }
    }
    scan_close(scan);
}

static void turns_scans_upright(void **state)
{
    (void)state;
    for (uint16_t o = 1; o <= 8; o++) {
        struct tiff_spec bilevel = { "bilevel", 77, 53, 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_CCITTFAX4,
                                     .orientation = o, .dpi_x = 200, .dpi_y = 100 };
        struct tiff_spec palette = { "palette", 61, 90, 1, 1, PHOTOMETRIC_PALETTE, COMPRESSION_LZW,
                                     .rows_per_strip = 7, .orientation = o, .dpi_x = 200, .dpi_y = 100 };
        struct tiff_spec tiles = { "tiles", 150, 53, 8, 3, PHOTOMETRIC_RGB, COMPRESSION_LZW, .tile_width = 32,
                                   .tile_height = 16, .orientation = o, .dpi_x = 200, .dpi_y = 100 };
        check_orientation(&bilevel);
        check_orientation(&palette);
        check_orientation(&tiles);
    }
}

static void says_when_it_cannot_turn(void **state)
{
    (void)state;
    struct tiff_spec spec = { "", 61, 53, 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_CCITTFAX4, .orientation = 6 };
    struct err e = { 0 };
    uint8_t ink[64];
    assert_true(tiff_write(path, &spec));
    struct scan *scan = open_ok();
    setenv("TMPDIR", "/nowhere/at/all", 1);
    assert_int_equal(scan_read(scan, 0, 0, 53, ink, &e), ERR_INTERNAL);
    assert_non_null(strstr(e.text, "temporary folder"));
    unsetenv("TMPDIR");
    err_clear(&e);
    assert_int_equal(scan_read(scan, 0, 0, 53, ink, &e), ERR_OK);
    scan_close(scan);
}

static void reads_the_first_page(void **state)
{
    (void)state;
    TIFF *tif = TIFFOpen(path, "w");
    for (int page = 0; page < 3; page++) {
        tiff_set_tags(&tiff_kinds[page], tif);
        assert_true(tiff_write_pixels(&tiff_kinds[page], tif));
        TIFFWriteDirectory(tif);
    }
    TIFFClose(tif);
    struct scan *scan = open_ok();
    for (uint32_t y = 0; y < tiff_kinds[0].height; y++)
        check_row(&tiff_kinds[0], scan, y, 0, tiff_kinds[0].width);
    scan_close(scan);
}

static void tells_the_resolution(void **state)
{
    (void)state;
    static const struct { double x, y; uint16_t unit; double expect_x, expect_y; } cases[] = {
        { 203, 98, RESUNIT_INCH, 203, 98 },
        { 100, 100, RESUNIT_CENTIMETER, 254, 254 },
        { 200, 200, RESUNIT_NONE, 0, 0 },
        { 0, 0, 0, 0, 0 },
        { 1e9, 300, RESUNIT_INCH, 0, 300 },
        { 0.5, 300, RESUNIT_INCH, 0, 300 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tiff_spec spec = tiff_kinds[0];
        spec.dpi_x = cases[i].x;
        spec.dpi_y = cases[i].y;
        spec.resolution_unit = cases[i].unit;
        assert_true(tiff_write(path, &spec));
        struct scan *scan = open_ok();
        assert_float_equal(scan_info(scan)->dpi_x, cases[i].expect_x, 0.01);
        assert_float_equal(scan_info(scan)->dpi_y, cases[i].expect_y, 0.01);
        scan_close(scan);
    }
}

static void names_what_it_found(void **state)
{
    (void)state;
    assert_true(tiff_write(path, &tiff_kinds[1]));
    struct scan *scan = open_ok();
    assert_string_equal(scan_info(scan)->compression, "CCITT G4");
    assert_string_equal(scan_info(scan)->photometric, "min-is-white");
    scan_close(scan);
}

/* A plain uncompressed file with some tags replaced: what libtiff would not write. */
static void write_odd(uint16_t tag, uint32_t value)
{
    struct tiff_spec spec = { "", 61, 53, 8, 1, PHOTOMETRIC_MINISBLACK, COMPRESSION_NONE, .rows_per_strip = UINT32_MAX };
    size_t size = 0;
    assert_true(tiff_write(path, &spec));
    uint8_t *bytes = tiff_bytes(path, &size);
    uint32_t directory;
    uint16_t n, type = TIFF_LONG;
    uint32_t count = 1;
    memcpy(&directory, bytes + 4, 4);
    memcpy(&n, bytes + directory, 2);
    bool found = false;
    for (int i = 0; i < n; i++) {
        uint8_t *entry = bytes + directory + 2 + 12 * i;
        if (memcmp(entry, &tag, 2) != 0)
            continue;
        memcpy(entry + 2, &type, 2);
        memcpy(entry + 4, &count, 4);
        memcpy(entry + 8, &value, 4);
        found = true;
    }
    assert_true(found);
    assert_true(tiff_put_bytes(path, bytes, size));
    free(bytes);
}

static void refuses_other_kinds(void **state)
{
    (void)state;
    struct tiff_spec cmyk = { "", 61, 53, 8, 4, PHOTOMETRIC_SEPARATED, COMPRESSION_LZW, .rows_per_strip = 16 };
    assert_true(tiff_write(path, &cmyk));
    expect_refusal(ERR_UNSUPPORTED, "CMYK");
    struct tiff_spec ycbcr = { "", 64, 48, 8, 3, PHOTOMETRIC_YCBCR, COMPRESSION_NONE, .rows_per_strip = 16, .directory_last = true };
    assert_true(tiff_write(path, &ycbcr));
    expect_refusal(ERR_UNSUPPORTED, "YCbCr");
    struct tiff_spec many = { "", 61, 53, 8, 6, PHOTOMETRIC_RGB, COMPRESSION_LZW, .rows_per_strip = 16 };
    assert_true(tiff_write(path, &many));
    expect_refusal(ERR_UNSUPPORTED, "found 6");
    write_odd(TIFFTAG_BITSPERSAMPLE, 12);
    expect_refusal(ERR_UNSUPPORTED, "12 bits");
    write_odd(TIFFTAG_COMPRESSION, COMPRESSION_OJPEG);
    expect_refusal(ERR_UNSUPPORTED, "old-style JPEG");
    write_odd(TIFFTAG_COMPRESSION, 4711);
    expect_refusal(ERR_UNSUPPORTED, "4711");
    write_odd(TIFFTAG_COMPRESSION, COMPRESSION_CCITTFAX4);
    expect_refusal(ERR_UNSUPPORTED, "CCITT G4");
    write_odd(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_LOGL);
    expect_refusal(ERR_UNSUPPORTED, "LogL");
}

static void refuses_floating_point(void **state)
{
    (void)state;
    float row[61] = { 0 };
    TIFF *tif = TIFFOpen(path, "w");
    TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, 61);
    TIFFSetField(tif, TIFFTAG_IMAGELENGTH, 1);
    TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, 32);
    TIFFSetField(tif, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP);
    TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    assert_true(TIFFWriteScanline(tif, row, 0, 0) >= 0);
    TIFFClose(tif);
    expect_refusal(ERR_UNSUPPORTED, "floating-point");
}

static void refuses_other_files(void **state)
{
    (void)state;
    assert_true(tiff_put_bytes(path, "", 0));
    expect_refusal(ERR_UNSUPPORTED, "an empty file");
    assert_true(tiff_put_bytes(path, "\x89PNG\r\n\x1a\n", 8));
    expect_refusal(ERR_UNSUPPORTED, "PNG");
    assert_true(tiff_put_bytes(path, "\xff\xd8\xff\xe0", 4));
    expect_refusal(ERR_UNSUPPORTED, "JPEG");
    assert_true(tiff_put_bytes(path, "%PDF-1.7", 8));
    expect_refusal(ERR_UNSUPPORTED, "PDF");
    assert_true(tiff_put_bytes(path, "depth,GR", 8));
    expect_refusal(ERR_UNSUPPORTED, "no TIFF signature");
    assert_true(tiff_put_bytes(path, "II*\0\0\0\0\0", 8));
    expect_refusal(ERR_MALFORMED, "directory");
    struct err e = { 0 };
    struct scan *scan = NULL;
    assert_int_equal(scan_open(&scan, "/nowhere/at/all.tif", &limits, &e), ERR_NOT_FOUND);
    err_clear(&e);
    assert_int_equal(scan_open(&scan, "/tmp", &limits, &e), ERR_STORE);
}

static void refuses_sizes_that_cannot_be(void **state)
{
    (void)state;
    write_odd(TIFFTAG_IMAGEWIDTH, 0);
    expect_refusal(ERR_INVALID, "0 by");
    write_odd(TIFFTAG_IMAGELENGTH, 0);
    expect_refusal(ERR_INVALID, "by 0");
    write_odd(TIFFTAG_IMAGELENGTH, 4000000000u);
    expect_refusal(ERR_INVALID, "4000000000");
}

static void refuses_bombs_before_decoding(void **state)
{
    (void)state;
    write_odd(TIFFTAG_IMAGELENGTH, 2000000000);
    expect_refusal(ERR_TOO_LARGE, "million pixels");
    struct tiff_spec spec = { "", 61, 53, 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_CCITTFAX4, .rows_per_strip = 0 };
    assert_true(tiff_write(path, &spec));
    struct scan_limits tight = { 61 * 53 - 1, 64 << 20 };
    struct err e = { 0 };
    struct scan *scan = NULL;
    assert_int_equal(scan_open(&scan, path, &tight, &e), ERR_TOO_LARGE);
    tight = (struct scan_limits){ 61 * 53, 1000 };
    err_clear(&e);
    assert_int_equal(scan_open(&scan, path, &tight, &e), ERR_TOO_LARGE);
    assert_non_null(strstr(e.text, "memory"));
}

static void refuses_places_outside(void **state)
{
    (void)state;
    static const int places[][3] = { { -1, 0, 5 }, { 53, 0, 5 }, { 0, -1, 5 }, { 0, 5, 5 }, { 0, 0, 62 } };
    uint8_t ink[64];
    assert_true(tiff_write(path, &tiff_kinds[0]));
    struct scan *scan = open_ok();
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct err e = { 0 };
        assert_int_equal(scan_read(scan, places[i][0], places[i][1], places[i][2], ink, &e), ERR_INVALID);
        assert_int_equal(scan_read_tint(scan, places[i][0], places[i][1], places[i][2], ink, &e), ERR_INVALID);
    }
    scan_close(scan);
}

/* Reads all that there is; the code of the first failure. */
static enum err_code read_all(struct err *e)
{
    const struct scan_limits small = { 1 << 20, 8 << 20 };
    struct scan *scan = NULL;
    enum err_code rc = scan_open(&scan, path, &small, e);
    if (rc != ERR_OK)
        return rc;
    int width = scan_info(scan)->width, height = scan_info(scan)->height;
    uint8_t *ink = malloc((size_t)width);
    for (int y = 0; y < height && rc == ERR_OK; y++)
        rc = scan_read(scan, y, 0, width, ink, e);
    free(ink);
    scan_close(scan);
    return rc;
}

static void check_clean(const char *name, enum err_code rc, const struct err *e)
{
    if (rc != ERR_OK && rc != ERR_MALFORMED && rc != ERR_UNSUPPORTED && rc != ERR_INVALID && rc != ERR_TOO_LARGE)
        fail_msg("%s: code %d: %s", name, rc, e->text);
    if (rc != ERR_OK && !e->text[0])
        fail_msg("%s: code %d without a sentence", name, rc);
}

/* All pixels are there only if the file is whole, or no more is cut off than padding. */
static void survives_truncation_at_every_byte(void **state)
{
    (void)state;
    for (int i = 0; i < TIFF_KINDS; i++) {
        size_t size = 0, refused = 0;
        struct tiff_spec spec = tiff_kinds[i];
        spec.width = spec.tile_width || spec.compression == COMPRESSION_JPEG ? 48 : 27;
        spec.height = 18;
        assert_true(tiff_write(path, &spec));
        uint8_t *bytes = tiff_bytes(path, &size);
        assert_non_null(bytes);
        for (size_t n = size; n-- > 0;) {
            struct err e = { 0 };
            assert_int_equal(truncate(path, (off_t)n), 0);
            enum err_code rc = read_all(&e);
            check_clean(tiff_kinds[i].name, rc, &e);
            refused += rc != ERR_OK;
        }
        if (refused + 2 < size)
            fail_msg("%s: %zu of %zu truncated files were read as if whole", tiff_kinds[i].name, size - refused, size);
        free(bytes);
    }
}

static void survives_flipped_bits(void **state)
{
    (void)state;
    uint32_t random = 12345;
    for (int i = 0; i < TIFF_KINDS; i++) {
        size_t size = 0;
        assert_true(tiff_write(path, &tiff_kinds[i]));
        uint8_t *bytes = tiff_bytes(path, &size), *damaged = malloc(size);
        assert_non_null(bytes);
        for (int round = 0; round < 200; round++) {
            struct err e = { 0 };
            memcpy(damaged, bytes, size);
            for (int flips = 0; flips <= round % 4; flips++) {
                random = random * 1664525 + 1013904223;
                damaged[(random >> 3) % size] ^= (uint8_t)(1u << (random >> 29));
            }
            assert_true(tiff_put_bytes(path, damaged, size));
            enum err_code rc = read_all(&e);
            check_clean(tiff_kinds[i].name, rc, &e);
        }
        free(bytes);
        free(damaged);
    }
}

/* An end-of-line code in the middle of each of the first `strips` strips cuts a line short. */
static void break_strips(const struct tiff_spec *spec, uint32_t strips)
{
    static const uint8_t end_of_line[] = { 0, 0, 1 };
    assert_true(tiff_write(path, spec));
    TIFF *tif = TIFFOpen(path, "rm");
    int fd = open(path, O_WRONLY);
    for (uint32_t strip = 0; strip < strips; strip++) {
        uint64_t at = TIFFGetStrileOffset(tif, strip) + TIFFGetStrileByteCount(tif, strip) / 2;
        assert_int_equal(pwrite(fd, end_of_line, 3, (off_t)at), 3);
    }
    close(fd);
    TIFFClose(tif);
}

static void counts_bad_lines_and_gives_up_on_many(void **state)
{
    (void)state;
    struct tiff_spec spec = { "", 250, 240, 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_CCITTFAX3, .rows_per_strip = 2 };
    struct err e = { 0 };
    uint8_t ink[250];
    break_strips(&spec, 2);
    struct scan *scan = open_ok();
    for (int y = 0; y < 240; y++)
        assert_int_equal(scan_read(scan, y, 0, 250, ink, &e), ERR_OK);
    assert_in_range(scan_damaged_rows(scan), 2, 10);
    scan_close(scan);
    break_strips(&spec, 120);
    assert_int_equal(read_all(&e), ERR_MALFORMED);
    if (!strstr(e.text, "damaged rows"))
        fail_msg("%s", e.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind),
        cmocka_unit_test(reads_columns_in_any_order),
        cmocka_unit_test(turns_scans_upright),
        cmocka_unit_test(says_when_it_cannot_turn),
        cmocka_unit_test(reads_the_first_page),
        cmocka_unit_test(tells_the_resolution),
        cmocka_unit_test(names_what_it_found),
        cmocka_unit_test(refuses_other_kinds),
        cmocka_unit_test(refuses_floating_point),
        cmocka_unit_test(refuses_other_files),
        cmocka_unit_test(refuses_sizes_that_cannot_be),
        cmocka_unit_test(refuses_bombs_before_decoding),
        cmocka_unit_test(refuses_places_outside),
        cmocka_unit_test(survives_truncation_at_every_byte),
        cmocka_unit_test(survives_flipped_bits),
        cmocka_unit_test(counts_bad_lines_and_gives_up_on_many),
    };
    return cmocka_run_group_tests_name("scan", tests, make_file, drop_file);
}

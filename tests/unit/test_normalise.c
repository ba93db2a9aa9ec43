/* From scans to the network's input: geometry, levels, resolution tags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <tiffio.h>
#include <unistd.h>

#include "server/normalise.h"
#include "server/normalise_levels.h"
#include "tests/unit/scan_tiffs.h"

static char path[64];
static int memory = -1;
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

/* A scan to be written: its ink, 0..255, is a function of the pixel. */
struct page {
    int width, height, bits;
    double dpi_x, dpi_y;
    double (*ink)(const struct page *page, int x, int y);
    double a, b, c;              /* the function's */
};

static struct scan *open_page(const struct page *page)
{
    uint8_t *row = malloc((size_t)page->width);
    TIFF *tif = TIFFOpen(path, "w");
    TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, page->width);
    TIFFSetField(tif, TIFFTAG_IMAGELENGTH, page->height);
    TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, page->bits);
    TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
    TIFFSetField(tif, TIFFTAG_COMPRESSION, COMPRESSION_PACKBITS);
    TIFFSetField(tif, TIFFTAG_ROWSPERSTRIP, 32);
    if (page->dpi_x > 0)
        TIFFSetField(tif, TIFFTAG_XRESOLUTION, page->dpi_x);
    if (page->dpi_y > 0)
        TIFFSetField(tif, TIFFTAG_YRESOLUTION, page->dpi_y);
    for (int y = 0; y < page->height; y++) {
        memset(row, 0, (size_t)page->width);
        for (int x = 0; x < page->width; x++) {
            double ink = page->ink(page, x, y);
            if (page->bits == 8)
                row[x] = (uint8_t)lrint(ink);
            else if (ink > 127)
                row[x / 8] |= (uint8_t)(0x80 >> x % 8);
        }
        assert_int_equal(TIFFWriteScanline(tif, row, (uint32_t)y, 0), 1);
    }
    TIFFClose(tif);
    free(row);
    struct scan *scan = NULL;
    struct err e = { 0 };
    assert_int_equal(scan_open(&scan, path, &limits, &e), ERR_OK);
    return scan;
}

/* The whole of a region, normalised for 200 dpi: [rows, columns], malloced. */
static uint8_t *normalise_all(struct scan *scan, int x0, int y0, int x1, int y1, int *columns, int *rows,
                              struct mask_geometry *geometry)
{
    struct normalise *normalise = NULL;
    struct err e = { 0 };
    if (normalise_open(&normalise, scan, x0, y0, x1, y1, NULL, 200, &e) != ERR_OK)
        fail_msg("%s", e.text);
    *columns = normalise_columns(normalise);
    *rows = normalise_rows(normalise);
    if (geometry)
        *geometry = *normalise_geometry(normalise);
    size_t n = (size_t)*columns * (size_t)*rows;
    uint8_t *ink = malloc(n), *again = malloc(n);
    for (int y = 0; y < *rows; y++)
        assert_int_equal(normalise_next(normalise, ink + (size_t)y * (size_t)*columns, &e), ERR_OK);
    assert_int_equal(normalise_rewind(normalise, &e), ERR_OK);
    for (int y = 0; y < *rows; y++)
        assert_int_equal(normalise_next(normalise, again + (size_t)y * (size_t)*columns, &e), ERR_OK);
    assert_memory_equal(ink, again, n);
    free(again);
    normalise_free(normalise);
    return ink;
}

static uint8_t *normalise_page(const struct page *page, int *columns, int *rows, struct mask_geometry *geometry)
{
    struct scan *scan = open_page(page);
    uint8_t *ink = normalise_all(scan, 0, 0, page->width, page->height, columns, rows, geometry);
    scan_close(scan);
    return ink;
}

static double speckled(const struct page *page, int x, int y)
{
    (void)page;
    uint32_t h = (uint32_t)x * 2654435761u ^ (uint32_t)y * 40503u;
    h = (h ^ h >> 15) * 2246822519u;
    return (h >> 24) < 40 ? 255 : 0;
}

static void clean_scans_pass_unchanged(void **state)
{
    (void)state;
    static const double resolutions[] = { 0, 195, 200, 203, 205.9 };
    for (size_t i = 0; i < 5; i++)
        for (int bits = 1; bits <= 8; bits += 7) {
            struct page page = { 333, 200, bits, resolutions[i], resolutions[i], speckled, 0, 0, 0 };
            struct scan *scan = open_page(&page);
            struct mask_geometry geometry;
            int columns, rows;
            uint8_t *ink = normalise_all(scan, 5, 17, 321, 190, &columns, &rows, &geometry);
            assert_int_equal(columns, 316);
            assert_int_equal(rows, 173);
            assert_float_equal(geometry.x_origin, 5, 0);
            assert_float_equal(geometry.y_origin, 17, 0);
            assert_float_equal(geometry.x_scale, 1, 0);
            assert_float_equal(geometry.y_scale, 1, 0);
            for (int y = 0; y < rows; y++)
                for (int x = 0; x < columns; x++)
                    assert_int_equal(ink[y * columns + x], speckled(&page, x + 5, y + 17));
            free(ink);
            scan_close(scan);
        }
}

/* The share of pixel [at, at + 1) that a line of width b about a covers; a, b along x (c = 0) or y. */
static double line(const struct page *page, int x, int y)
{
    double at = page->c == 0 ? x : y, from = page->a - page->b / 2, to = page->a + page->b / 2;
    return 255 * fmax(0, fmin(at + 1, to) - fmax(at, from));
}

/* Where the line lies in the result, as an axis position of the scan (pixel x covers [x, x + 1)). */
static double line_found(const struct page *page)
{
    struct mask_geometry geometry;
    int columns, rows;
    uint8_t *ink = normalise_page(page, &columns, &rows, &geometry);
    double sum = 0, moment = 0;
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++) {
            sum += ink[y * columns + x];
            moment += ink[y * columns + x] * ((page->c == 0 ? x : y) + 0.5);
        }
    free(ink);
    return page->c == 0 ? geometry.x_origin + moment / sum / geometry.x_scale
                        : geometry.y_origin + moment / sum / geometry.y_scale;
}

static void lines_keep_their_place(void **state)
{
    (void)state;
    static const double resolutions[] = { 100, 150, 200, 240, 300, 400, 600 };
    for (size_t i = 0; i < sizeof resolutions / sizeof *resolutions; i++)
        for (int along = 0; along < 2; along++) {
            double worst = 0, mean = 0;
            /* Over all phases of the two grids; 0.018 inch is a curve's line in print. */
            for (int k = 0; k < 40; k++) {
                struct page page = { 90, 80, 8, resolutions[i], resolutions[i], line, 36.5 + k * 0.15,
                                     fmax(2, resolutions[i] * 0.018), along };
                double off = line_found(&page) - page.a;
                worst = fmax(worst, fabs(off));
                mean += off / 40;
            }
            /* Reductions keep it to 0.05 of the network's pixels.  Enlarged lines lose their overshoot
             * into white paper, and a little of their place with it: 0.07 of the scan's. */
            double limit = resolutions[i] < 200 ? 0.07 : 0.05 * resolutions[i] / 200;
            if (worst > limit || fabs(mean) > 0.01)
                fail_msg("%g dpi: worst %.3f, mean %.3f scan pixels", resolutions[i], worst, mean);
        }
}

static void sizes_and_scales_agree(void **state)
{
    (void)state;
    static const struct { int width, height; double dpi_x, dpi_y; int columns, rows; } cases[] = {
        { 3008, 100, 300, 300, 2005, 67 },  { 1000, 100, 204, 98, 1000, 204 },  { 1000, 100, 400, 200, 500, 100 },
        { 900, 40, 100, 100, 1800, 80 },    { 900, 40, 1200, 1200, 150, 7 },    { 900, 40, 0, 0, 900, 40 },
        { 900, 40, 50, 50, 900, 40 },       { 900, 40, 2000, 2000, 900, 40 },   { 900, 40, 300, 0, 600, 27 },
        { 900, 40, 0, 300, 600, 27 },       { 1700, 40, 72, 72, 1700, 40 },     { 800, 40, 72, 72, 2222, 111 },
        { 3000, 40, 0, 0, 2000, 27 },       { 4800, 40, 96, 96, 2400, 20 },     { 9000, 40, 0, 0, 9000, 40 },
        { 1, 1, 1200, 1200, 1, 1 },         { 3, 2, 100, 100, 6, 4 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct page page = { cases[i].width, cases[i].height, 1, cases[i].dpi_x, cases[i].dpi_y, speckled, 0, 0, 0 };
        struct mask_geometry geometry;
        int columns, rows;
        free(normalise_page(&page, &columns, &rows, &geometry));
        if (columns != cases[i].columns || rows != cases[i].rows)
            fail_msg("%d by %d at %g, %g dpi became %d by %d", page.width, page.height, page.dpi_x, page.dpi_y, columns, rows);
        assert_float_equal(geometry.x_scale * page.width, columns, 1e-9);
        assert_float_equal(geometry.y_scale * page.height, rows, 1e-9);
    }
}

/* A track: a grid of lines 1 pixel wide, a curve 3 wide, on paper of lightness a that falls by b from left to
 * right; the lines reflect c of the light. */
static double track(const struct page *page, int x, int y)
{
    double lightness = page->a - page->b * x / page->width, curve = page->width * (0.5 + 0.4 * sin(y / 40.0));
    bool dark = x % 40 == 0 || y % 40 == 0 || fabs(x - curve) < 1.5;
    double v = 255 - lightness * (dark ? page->c : 1);
    return page->dpi_x < 0 ? 255 - v : v;
}

static bool is_line(const struct page *page, int x, int y)
{
    struct page plain = *page;
    plain.a = 255;
    plain.b = plain.c = plain.dpi_x = 0;
    return track(&plain, x, y) > 127;
}

static void check_levels(const struct page *page, int paper_most, int ink_least)
{
    int columns, rows, wrong = 0;
    uint8_t *ink = normalise_page(page, &columns, &rows, NULL);
    assert_int_equal(columns, page->width);
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++) {
            int v = ink[y * columns + x];
            wrong += is_line(page, x, y) ? v < ink_least : v > paper_most;
        }
    if (wrong)
        fail_msg("%d pixels wrong (paper %g, shading %g, lines %g)", wrong, page->a, page->b, page->c);
    free(ink);
}

static void evens_out_gray_scans(void **state)
{
    (void)state;
    static const struct page pages[] = {
        { 640, 500, 8, 0, 0, track, 255, 0, 0 },        /* clean */
        { 640, 500, 8, 0, 0, track, 200, 0, 0.1 },      /* gray paper */
        { 640, 500, 8, 0, 0, track, 190, 0, 0.75 },     /* faint */
        { 640, 500, 8, 0, 0, track, 250, 110, 0.1 },    /* shaded */
        { 640, 500, 8, -1, 0, track, 255, 0, 0 },       /* negative */
        { 640, 500, 8, -1, 0, track, 220, 60, 0.2 },    /* negative, shaded */
        { 640, 500, 1, -1, 0, track, 255, 0, 0 },       /* negative, bilevel */
        { 50, 40, 8, 0, 0, track, 200, 0, 0.1 },        /* less than a block */
    };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        check_levels(&pages[i], 12, 225);
}

static double filled(const struct page *page, int x, int y)
{
    if (x >= 100 && x < 400 && y >= 100 && y < 400)
        return page->a;
    return x % 50 == 0 ? 255 : 0;
}

static void keeps_black_fills(void **state)
{
    (void)state;
    struct page page = { 640, 500, 8, 200, 200, filled, 255, 0, 0 };
    int columns, rows;
    uint8_t *ink = normalise_page(&page, &columns, &rows, NULL);
    for (int y = 100; y < 400; y++)
        for (int x = 100; x < 400; x++)
            assert_in_range(ink[y * columns + x], 230, 255);
    free(ink);
}

static void lightens_pastel_fills(void **state)
{
    (void)state;
    struct page page = { 640, 500, 8, 200, 200, filled, 60, 0, 0 };
    int columns, rows;
    uint8_t *ink = normalise_page(&page, &columns, &rows, NULL);
    for (int y = 180; y < 320; y++)
        for (int x = 180; x < 320; x++)
            assert_in_range(ink[y * columns + x], 0, 12);
    free(ink);
}

/* Upright lines, a pixels wide on paper of lightness b, c of its light left in them. */
static double lines(const struct page *page, int x, int y)
{
    (void)y;
    return 255 - page->b * (x % 40 >= 20 && x % 40 < 20 + page->a ? page->c : 1);
}

static void measures_how_thick_lines_are(void **state)
{
    (void)state;
    for (int width = 0; width <= 8; width++)
        for (int worn = 0; worn <= 1; worn++) {
            struct page page = { 640, 500, 8, 200, 200, lines, width, worn ? 190 : 255, worn ? 0.6 : 0 };
            struct scan *scan = open_page(&page);
            struct levels levels;
            struct err e = { 0 };
            assert_int_equal(levels_probe(&levels, scan, 0, 0, 640, 500, &e), ERR_OK);
            assert_float_equal(levels.stroke, width, 0.05);
            scan_close(scan);
        }
}

static void doubts_a_default_resolution_where_lines_are_thick(void **state)
{
    (void)state;
    static const struct { double width, dpi; bool doubted; int columns; } cases[] = {
        { 1, 72, false, 1778 },   /* lines of a true 72 dpi */
        { 3, 72, true, 853 },     /* lines of 200: 4 pixels wide to the network */
        { 3, 200, false, 640 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct page page = { 640, 100, 1, cases[i].dpi, cases[i].dpi, lines, cases[i].width, 255, 0 };
        struct scan *scan = open_page(&page);
        struct normalise *normalise = NULL;
        struct normalise_tracks tracks = { 500, 500 };
        struct err e = { 0 };
        assert_int_equal(normalise_open(&normalise, scan, 0, 0, 640, 100, &tracks, 200, &e), ERR_OK);
        assert_int_equal(normalise_columns(normalise), cases[i].columns);
        assert_int_equal(normalise_doubts_dpi(normalise), cases[i].doubted);
        normalise_free(normalise);
        scan_close(scan);
    }
}

static double even(const struct page *page, int x, int y)
{
    (void)x;
    (void)y;
    return page->a;
}

static void leaves_blank_paper_blank(void **state)
{
    (void)state;
    static const struct { int bits; double ink; int expect; } cases[] = { { 1, 0, 0 }, { 8, 0, 0 }, { 8, 90, 0 }, { 8, 255, 255 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct page page = { 200, 150, cases[i].bits, 200, 200, even, cases[i].ink, 0, 0 };
        int columns, rows;
        uint8_t *ink = normalise_page(&page, &columns, &rows, NULL);
        for (int k = 0; k < columns * rows; k++)
            assert_int_equal(ink[k], cases[i].expect);
        free(ink);
    }
}

static void refuses_regions_outside(void **state)
{
    (void)state;
    static const int regions[][4] = { { -1, 0, 5, 5 }, { 0, -1, 5, 5 }, { 5, 0, 5, 5 }, { 0, 5, 5, 5 }, { 0, 0, 101, 5 }, { 0, 0, 5, 51 } };
    struct page page = { 100, 50, 1, 200, 200, speckled, 0, 0, 0 };
    struct scan *scan = open_page(&page);
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) {
        const int *r = regions[i];
        struct normalise *normalise = NULL;
        struct err e = { 0 };
        assert_int_equal(normalise_open(&normalise, scan, r[0], r[1], r[2], r[3], NULL, 200, &e), ERR_INVALID);
        assert_null(normalise);
    }
    scan_close(scan);
}

static void passes_the_scans_errors_up(void **state)
{
    (void)state;
    struct page page = { 640, 500, 8, 300, 300, track, 255, 0, 0 };
    struct scan *scan = open_page(&page);
    struct normalise *normalise = NULL;
    struct err e = { 0 };
    /* The directory has been read; the strips are gone. */
    assert_int_equal(ftruncate(memory, 8), 0);
    assert_int_equal(normalise_open(&normalise, scan, 0, 0, 640, 500, NULL, 200, &e), ERR_MALFORMED);
    assert_null(normalise);
    scan_close(scan);
}

static double stepped(const struct page *page, int x, int y)
{
    (void)page;
    return (x / 4 * 16 + y / 4 * 5) % 251;
}

static void tints_are_those_of_the_same_pixels(void **state)
{
    (void)state;
    static const struct tiff_spec spec = { "rgb", 240, 160, 8, 3, PHOTOMETRIC_RGB, COMPRESSION_LZW, .dpi_x = 400, .dpi_y = 400 };
    struct scan *scan = NULL;
    struct normalise *normalise = NULL;
    struct err e = { 0 };
    uint8_t tint[100];
    assert_true(tiff_write(path, &spec));
    assert_int_equal(scan_open(&scan, path, &limits, &e), ERR_OK);
    assert_int_equal(normalise_open(&normalise, scan, 20, 40, 220, 160, NULL, 200, &e), ERR_OK);
    assert_true(normalise_has_tint(normalise));
    double x_scale = normalise_geometry(normalise)->x_scale, y_scale = normalise_geometry(normalise)->y_scale;
    for (int y = 0; y < normalise_rows(normalise); y += 7) {
        assert_int_equal(normalise_tint(normalise, y, 10, 40, tint, &e), ERR_OK);
        for (int x = 0; x < 40; x++)
            assert_float_equal(tint[x], tiff_tint(&spec, 20 + (uint32_t)((10 + x + 0.5) / x_scale), 40 + (uint32_t)((y + 0.5) / y_scale)), 1.6);
    }
    normalise_free(normalise);
    scan_close(scan);
}

static void shades_are_the_nearest_pixels_as_they_are(void **state)
{
    (void)state;
    struct page page = { 640, 480, 8, 400, 400, stepped, 0, 0, 0 };
    struct scan *scan = open_page(&page);
    struct normalise *normalise = NULL;
    struct err e = { 0 };
    uint8_t shade[300];
    assert_int_equal(normalise_open(&normalise, scan, 20, 40, 620, 480, NULL, 200, &e), ERR_OK);
    assert_int_equal(normalise_columns(normalise), 300);
    for (int y = 0; y < 220; y++) {
        assert_int_equal(normalise_shade(normalise, y, 0, 300, shade, &e), ERR_OK);
        for (int x = 0; x < 300; x++)
            assert_int_equal(shade[x], stepped(&page, 20 + 2 * x + 1, 40 + 2 * y + 1));
        assert_int_equal(normalise_shade(normalise, y, 250, 50, shade, &e), ERR_OK);
        assert_int_equal(shade[49], stepped(&page, 20 + 2 * 299 + 1, 40 + 2 * y + 1));
    }
    normalise_free(normalise);
    scan_close(scan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean_scans_pass_unchanged),
        cmocka_unit_test(lines_keep_their_place),
        cmocka_unit_test(sizes_and_scales_agree),
        cmocka_unit_test(evens_out_gray_scans),
        cmocka_unit_test(keeps_black_fills),
        cmocka_unit_test(lightens_pastel_fills),
        cmocka_unit_test(measures_how_thick_lines_are),
        cmocka_unit_test(doubts_a_default_resolution_where_lines_are_thick),
        cmocka_unit_test(leaves_blank_paper_blank),
        cmocka_unit_test(refuses_regions_outside),
        cmocka_unit_test(passes_the_scans_errors_up),
        cmocka_unit_test(shades_are_the_nearest_pixels_as_they_are),
        cmocka_unit_test(tints_are_those_of_the_same_pixels),
    };
    return cmocka_run_group_tests_name("normalise", tests, make_file, drop_file);
}

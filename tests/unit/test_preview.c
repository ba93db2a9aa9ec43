/* Previews: the averaged picture, the pyramid of tiles, what is left after failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <math.h>
#include <png.h>

#include "server/preview.h"
#include "server/preview_shrink.h"
#include "tests/unit/scan_tiffs.h"

static char folder[] = "/tmp/test-preview-XXXXXX";
static char scan_path[64], png_path[64], tiles[64];
static const struct scan_limits limits = { 100000000, 64 << 20 };

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(scan_path, sizeof scan_path, "%s/scan.tif", folder);
    snprintf(png_path, sizeof png_path, "%s/scan.png", folder);
    snprintf(tiles, sizeof tiles, "%s/tiles", folder);
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    char command[160];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

/* Entries of the test's folder. */
static int entries(void)
{
    int n = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; (entry = readdir(dir));)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

static void clear_tiles(void)
{
    char command[160];
    snprintf(command, sizeof command, "rm -rf %s %s", tiles, png_path);
    assert_int_equal(system(command), 0);
}

static uint8_t *read_png(const char *path, int *width, int *height)
{
    png_image image = { .version = PNG_IMAGE_VERSION };
    if (!png_image_begin_read_from_file(&image, path))
        fail_msg("%s: %s", path, image.message);
    image.format = PNG_FORMAT_GRAY;
    uint8_t *gray = malloc(PNG_IMAGE_SIZE(image));
    assert_true(png_image_finish_read(&image, NULL, gray, 0, NULL));
    *width = (int)image.width;
    *height = (int)image.height;
    return gray;
}

static void averages_exactly(void **state)
{
    (void)state;
    static const int sizes[][4] = { { 40, 30, 40, 30 }, { 40, 30, 20, 10 }, { 41, 37, 13, 11 }, { 50, 50, 1, 1 }, { 37, 5, 36, 4 }, { 300, 7, 2, 7 } };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int w = sizes[i][0], h = sizes[i][1], columns = sizes[i][2], rows = sizes[i][3], row = 0;
        uint8_t *in = malloc((size_t)(w * h)), out[64];
        struct shrink shrink;
        struct err e = { 0 };
        for (int k = 0; k < w * h; k++)
            in[k] = (uint8_t)(k * 2654435761u >> 24);
        assert_int_equal(shrink_init(&shrink, w, h, columns, rows, &e), ERR_OK);
        for (int y = 0; y < h; y++) {
            if (!shrink_row(&shrink, in + y * w, out))
                continue;
            for (int x = 0; x < columns; x++) {
                double left = (double)x * w / columns, right = (double)(x + 1) * w / columns, sum = 0;
                double top = (double)row * h / rows, bottom = (double)(row + 1) * h / rows;
                for (int v = 0; v < h; v++)
                    for (int u = 0; u < w; u++)
                        sum += in[v * w + u] * fmax(0, fmin(u + 1, right) - fmax(u, left)) *
                               fmax(0, fmin(v + 1, bottom) - fmax(v, top));
                assert_true(fabs(out[x] - sum / ((right - left) * (bottom - top))) <= 0.5001);
            }
            row++;
        }
        assert_int_equal(row, rows);
        shrink_clear(&shrink);
        free(in);
    }
}

static void check_picture(const struct tiff_spec *spec, int max_width, int max_height, int width, int height)
{
    struct err e = { 0 };
    int found_width, found_height;
    assert_true(tiff_write(scan_path, spec));
    if (preview_picture(scan_path, &limits, max_width, max_height, png_path, NULL, &e) != ERR_OK)
        fail_msg("%s", e.text);
    uint8_t *gray = read_png(png_path, &found_width, &found_height);
    assert_int_equal(found_width, width);
    assert_int_equal(found_height, height);
    double mean = 0, want = 0;
    for (int i = 0; i < width * height; i++)
        mean += gray[i] / (double)(width * height);
    for (uint32_t y = 0; y < spec->height; y++)
        for (uint32_t x = 0; x < spec->width; x++)
            want += (255 - tiff_ink(spec, x, y)) / ((double)spec->width * spec->height);
    assert_true(fabs(mean - want) < 1);
    if (width == (int)spec->width && height == (int)spec->height)
        for (int i = 0; i < width * height; i++)
            assert_true(fabs(gray[i] - (255 - tiff_ink(spec, (uint32_t)(i % width), (uint32_t)(i / width)))) < 1.6);
    free(gray);
    assert_int_equal(entries(), 2);
}

static void shows_the_whole_scan(void **state)
{
    (void)state;
    struct tiff_spec bilevel = { "", 500, 1300, 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_CCITTFAX4, .rows_per_strip = 0 };
    struct tiff_spec rgb = { "", 300, 200, 8, 3, PHOTOMETRIC_RGB, COMPRESSION_LZW, .rows_per_strip = 16 };
    check_picture(&bilevel, 100, 1000, 100, 260);
    check_picture(&bilevel, 1000, 13, 5, 13);
    check_picture(&bilevel, 1000, 2000, 500, 1300);
    check_picture(&rgb, 30, 30, 30, 20);
    check_picture(&rgb, 300, 200, 300, 200);
    check_picture(&rgb, 1, 1, 1, 1);
    clear_tiles();
}

/* What level `level` of the pyramid must hold at a pixel: blocks of the scan, cut at its edges. */
static double level_gray(const struct tiff_spec *spec, int level, uint32_t x, uint32_t y)
{
    if (level == 0)
        return 255 - tiff_ink(spec, x, y);
    double sum = 0;
    uint32_t w = spec->width, h = spec->height;
    for (int k = 1; k < level; k++) {
        w = (w + 1) / 2;
        h = (h + 1) / 2;
    }
    for (uint32_t v = 2 * y; v < 2 * y + 2; v++)
        for (uint32_t u = 2 * x; u < 2 * x + 2; u++)
            sum += level_gray(spec, level - 1, u < w ? u : w - 1, v < h ? v : h - 1);
    return sum / 4;
}

static void check_tile(const struct tiff_spec *spec, const struct preview_pyramid *pyramid, int level, int column, int row)
{
    char path[128];
    struct err e = { 0 };
    int width, height, level_width, level_height;
    assert_int_equal(preview_tile_path(path, sizeof path, tiles, pyramid, level, column, row, &e), ERR_OK);
    uint8_t *gray = read_png(path, &width, &height);
    preview_level_size(pyramid, level, &level_width, &level_height);
    int x0 = column * PREVIEW_TILE, y0 = row * PREVIEW_TILE;
    assert_int_equal(width, level_width - x0 < PREVIEW_TILE ? level_width - x0 : PREVIEW_TILE);
    assert_int_equal(height, level_height - y0 < PREVIEW_TILE ? level_height - y0 : PREVIEW_TILE);
    for (int y = 0; y < height; y += 1 + 3 * level)
        for (int x = 0; x < width; x += 1 + 3 * level) {
            double want = level_gray(spec, level, (uint32_t)(x0 + x), (uint32_t)(y0 + y));
            if (fabs(gray[y * width + x] - want) > 1.6 + level)
                fail_msg("level %d, tile %d, %d: %d at %d, %d, not %.1f", level, column, row, gray[y * width + x], x, y, want);
        }
    free(gray);
}

static void check_pyramid(const struct tiff_spec *spec, int levels)
{
    struct preview_pyramid pyramid, again;
    struct err e = { 0 };
    assert_true(tiff_write(scan_path, spec));
    if (preview_pyramid_build(scan_path, &limits, tiles, &pyramid, NULL, &e) != ERR_OK)
        fail_msg("%s", e.text);
    assert_int_equal(pyramid.width, spec->width);
    assert_int_equal(pyramid.height, spec->height);
    assert_int_equal(pyramid.levels, levels);
    assert_int_equal(preview_pyramid_read(&again, tiles, &e), ERR_OK);
    assert_memory_equal(&again, &pyramid, sizeof pyramid);
    for (int level = 0; level < levels; level++) {
        int width, height;
        preview_level_size(&pyramid, level, &width, &height);
        for (int row = 0; row * PREVIEW_TILE < height; row++)
            for (int column = 0; column * PREVIEW_TILE < width; column++)
                check_tile(spec, &pyramid, level, column, row);
    }
    assert_int_equal(entries(), 2);
    clear_tiles();
}

static void builds_tiles(void **state)
{
    (void)state;
    struct tiff_spec bilevel = { "", 701, 2051, 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_CCITTFAX4, .rows_per_strip = 0 };
    struct tiff_spec palette = { "", 513, 512, 1, 1, PHOTOMETRIC_PALETTE, COMPRESSION_LZW, .rows_per_strip = 16 };
    struct tiff_spec rgb = { "", 1025, 30, 8, 3, PHOTOMETRIC_RGB, COMPRESSION_LZW, .rows_per_strip = 16 };
    struct tiff_spec tiny = { "", 3, 1, 8, 1, PHOTOMETRIC_MINISBLACK, COMPRESSION_LZW, .rows_per_strip = 16 };
    check_pyramid(&bilevel, 4);
    check_pyramid(&palette, 2);
    check_pyramid(&rgb, 3);
    check_pyramid(&tiny, 1);
}

static void knows_its_tiles(void **state)
{
    (void)state;
    static const int missing[][3] = { { -1, 0, 0 }, { 4, 0, 0 }, { 0, -1, 0 }, { 0, 2, 0 }, { 0, 0, 5 }, { 0, 0, -1 }, { 3, 1, 0 } };
    struct preview_pyramid pyramid = { 701, 2051, 4 };
    char path[128];
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        struct err e = { 0 };
        const int *m = missing[i];
        assert_int_equal(preview_tile_path(path, sizeof path, tiles, &pyramid, m[0], m[1], m[2], &e), ERR_NOT_FOUND);
    }
    struct err e = { 0 };
    assert_int_equal(preview_tile_path(path, sizeof path, "x", &pyramid, 0, 1, 4, &e), ERR_OK);
    assert_string_equal(path, "x/0/1_4.png");
    assert_int_equal(preview_tile_path(path, 5, "x", &pyramid, 0, 1, 4, &e), ERR_STORE);
}

static void write_scan(void)
{
    struct tiff_spec spec = { "", 701, 1051, 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_CCITTFAX4, .rows_per_strip = 100 };
    assert_true(tiff_write(scan_path, &spec));
}

static void keeps_a_finished_folder(void **state)
{
    (void)state;
    struct preview_pyramid pyramid;
    struct err e = { 0 };
    write_scan();
    assert_int_equal(preview_pyramid_build(scan_path, &limits, tiles, &pyramid, NULL, &e), ERR_OK);
    assert_int_equal(preview_pyramid_build(scan_path, &limits, tiles, &pyramid, NULL, &e), ERR_OK);
    assert_int_equal(entries(), 2);
    char index[96];
    snprintf(index, sizeof index, "%s/pyramid.json", tiles);
    assert_true(tiff_put_bytes(index, "{\"width\":0}", 11));
    assert_int_equal(preview_pyramid_read(&pyramid, tiles, &e), ERR_STORE);
    clear_tiles();
    err_clear(&e);
    assert_int_equal(preview_pyramid_read(&pyramid, tiles, &e), ERR_NOT_FOUND);
}

static double last_fraction;
static int reports;

static void on_progress(void *ctx, const char *stage, double fraction)
{
    (void)stage;
    assert_true(fraction >= last_fraction && fraction <= 1);
    last_fraction = fraction;
    if (++reports == 5 && ctx)
        atomic_store(&((struct job *)ctx)->cancelled, true);
}

static void stops_and_leaves_nothing(void **state)
{
    (void)state;
    struct preview_pyramid pyramid;
    write_scan();
    for (int kind = 0; kind < 2; kind++) {
        struct job job = { .progress = on_progress };
        struct err e = { 0 };
        job.progress_ctx = &job;
        last_fraction = reports = 0;
        enum err_code rc = kind ? preview_pyramid_build(scan_path, &limits, tiles, &pyramid, &job, &e)
                                : preview_picture(scan_path, &limits, 100, 100, png_path, &job, &e);
        assert_int_equal(rc, ERR_CANCELLED);
        assert_int_equal(reports, 5);
        assert_int_equal(entries(), 1);
    }
}

static void damaged_scans_leave_nothing(void **state)
{
    (void)state;
    struct preview_pyramid pyramid;
    struct stat status;
    write_scan();
    assert_int_equal(stat(scan_path, &status), 0);
    assert_int_equal(truncate(scan_path, status.st_size - 2000), 0);
    for (int kind = 0; kind < 2; kind++) {
        struct err e = { 0 };
        enum err_code rc = kind ? preview_pyramid_build(scan_path, &limits, tiles, &pyramid, NULL, &e)
                                : preview_picture(scan_path, &limits, 100, 100, png_path, NULL, &e);
        assert_int_equal(rc, ERR_MALFORMED);
        assert_int_equal(entries(), 1);
    }
}

static void says_what_cannot_be_written(void **state)
{
    (void)state;
    struct preview_pyramid pyramid;
    struct err e = { 0 };
    write_scan();
    assert_int_equal(preview_picture(scan_path, &limits, 100, 100, "/nowhere/at/all.png", NULL, &e), ERR_STORE);
    err_clear(&e);
    assert_int_equal(preview_pyramid_build(scan_path, &limits, "/nowhere/at/all", &pyramid, NULL, &e), ERR_STORE);
    err_clear(&e);
    assert_int_equal(preview_picture(scan_path, &limits, 0, 100, png_path, NULL, &e), ERR_INVALID);
    err_clear(&e);
    struct scan_limits tight = { 100000000, 400000 };
    assert_int_equal(preview_pyramid_build(scan_path, &tight, tiles, &pyramid, NULL, &e), ERR_TOO_LARGE);
    assert_int_equal(entries(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(averages_exactly),
        cmocka_unit_test(shows_the_whole_scan),
        cmocka_unit_test(builds_tiles),
        cmocka_unit_test(knows_its_tiles),
        cmocka_unit_test(keeps_a_finished_folder),
        cmocka_unit_test(stops_and_leaves_nothing),
        cmocka_unit_test(damaged_scans_leave_nothing),
        cmocka_unit_test(says_what_cannot_be_written),
    };
    return cmocka_run_group_tests_name("preview", tests, make_folder, drop_folder);
}

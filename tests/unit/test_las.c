#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/las.h"
#include "tests/unit/traced.h"

static const struct las_origin origin = { .model = "curvenet", .model_sha256 = "0123abcd", .scan_name = "well: 7.tif",
                                          .software = "curvelogd 1.0", .layout_json = "{\"tracks\":[]}" };

static char *write_table(const struct table *table, const struct las_header *header, const struct las_origin *o)
{
    char *text = NULL;
    size_t size = 0;
    struct err e = { 0 };
    FILE *out = open_memstream(&text, &size);
    if (las_write(out, table, header, o, &e) != ERR_OK)
        fail_msg("%s", e.text);
    fclose(out);
    return text;
}

static char *write_las(struct traced *t, double step, const struct las_header *header)
{
    struct table table;
    struct err e = { 0 };
    struct las_origin o = origin;
    o.layout = &t->layout;
    assert_int_equal(table_build(&table, &t->layout, &t->view, 1, step, &e), ERR_OK);
    char *text = write_table(&table, header, &o);
    table_clear(&table);
    return text;
}

/* Every line ends in CR LF, is at most `max` characters with them, and is not empty (checkers refuse that). */
static void check_lines(const char *text, size_t max)
{
    while (*text) {
        const char *end = strchr(text, '\n');
        assert_non_null(end);
        assert_int_equal(end[-1], '\r');
        assert_true(end - text > 1);
        assert_true((size_t)(end - text) + 1 <= max);
        text = end + 1;
    }
}

static void check_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%.3000s", part, text);
}

static void sections_stand_in_order(void **state)
{
    (void)state;
    struct traced t;
    struct las_header header = { 0 };
    traced_make(&t, 3, 1670, 1690);
    char *text = write_las(&t, 0.1, &header);
    const char *sections[] = { "~Version\r\n", "~Well\r\n", "~Curve\r\n", "~Other\r\n", "~A ", NULL };
    const char *at = text;
    for (size_t i = 0; sections[i]; i++) {
        at = strstr(at, sections[i]);
        assert_non_null(at);
    }
    assert_true(strncmp(text, "~Version", 8) == 0);
    check_lines(text, 256);
    free(text);
}

static void depths_are_exact(void **state)
{
    (void)state;
    struct traced t;
    struct las_header header = { 0 };
    traced_make(&t, 1, 100.001, 103.05);
    t.layout.depth_unit = DEPTH_M;
    char *text = write_las(&t, 0.1524, &header);
    check_has(text, "STRT.M              100.1268 : START DEPTH\r\n");
    check_has(text, "STOP.M              103.0224 : STOP DEPTH\r\n");
    check_has(text, "STEP.M                0.1524 : STEP\r\n");
    check_has(text, "DEPT.M ");
    check_has(text, "\r\n 100.1268 ");
    check_has(text, "\r\n 100.2792 ");
    check_has(text, "\r\n 103.0224 ");
    free(text);
}

static void header_is_cleaned(void **state)
{
    (void)state;
    struct traced t;
    struct las_header header = { .well = "D K HEINEN: 1-4", .company = "A\r\nB", .field = "Fl\xc3\xa4mming", .api = "15-131-20215",
                                 .location = "a\xc2\x85" "b\xe2\x80\xa8" "c" };
    traced_make(&t, 1, 0, 20);
    char *text = write_las(&t, 0.5, &header);
    check_has(text, "WELL.        D K HEINEN  1-4 : WELL\r\n");
    check_has(text, "A  B : COMPANY\r\n");
    check_has(text, "Fl\xc3\xa4mming : FIELD\r\n");
    check_has(text, "a b c : LOCATION\r\n");
    check_has(text, "15-131-20215 : API NUMBER\r\n");
    check_lines(text, 256);
    free(text);
}

static void long_texts_stay_in_the_line(void **state)
{
    (void)state;
    struct traced t;
    struct las_header header = { 0 };
    char name[600], json[5000];
    struct las_origin o = origin;
    struct table table;
    struct err e = { 0 };
    for (size_t i = 0; i + 2 < sizeof name; i += 2)
        memcpy(name + i, "\xc3\xa4", 3);
    memset(json, 'j', sizeof json - 1);
    json[sizeof json - 1] = '\0';
    o.scan_name = name;
    o.layout_json = json;
    memset(header.well, 'w', sizeof header.well - 1);
    traced_make(&t, 1, 0, 20);
    assert_int_equal(table_build(&table, &t.layout, &t.view, 1, 0.5, &e), ERR_OK);
    char *text = write_table(&table, &header, &o);
    check_lines(text, 256);
    size_t joined = 0;
    for (char *at = text; (at = strstr(at, "\r\nLAYOUT ")); at++)
        joined += strcspn(at + 9, "\r");
    assert_int_equal(joined, sizeof json - 1);
    table_clear(&table);
    free(text);
}

static void nulls_and_values(void **state)
{
    (void)state;
    struct traced t;
    struct las_header header = { 0 };
    traced_make(&t, 2, 0, 200);
    t.x[0][3] = NAN;
    char *text = write_las(&t, 1, &header);
    check_has(text, "-999.25 : NULL VALUE");
    check_has(text, "\r\n   2    1.50 0.22963\r\n");
    check_has(text, "\r\n   4    4.00 ");              /* row 3 is null: row 4 alone stands for depth 4 and on */
    assert_null(strstr(text, "nan"));
    free(text);
}

/* A reading of -999.25 is not the null value. */
static void a_reading_is_never_the_null_value(void **state)
{
    (void)state;
    static struct layout_curve curve = { .mnemonic = "X", .left = -1100, .right = -900 };
    double values[] = { -999.25, -999.2504, NAN, -999.2496 };
    float confidence[4] = { 1, 1, 0, 1 };
    struct table_curve column = { .curve = &curve, .value = values, .confidence = confidence };
    struct table table = { .has_depth = true, .unit = DEPTH_FT, .start = 1, .step = 1, .rows = 4, .curves = &column, .n_curves = 1 };
    struct las_header header = { 0 };
    char *text = write_table(&table, &header, &origin);
    check_has(text, "\r\n 1 -999.24\r\n 2 -999.24\r\n 3 -999.25\r\n 4 -999.24\r\n");
    curve.right = -1090;                               /* three decimals */
    free(text);
    text = write_table(&table, &header, &origin);
    check_has(text, "\r\n 1 -999.251\r\n");
    free(text);
}

static void the_origin_is_told(void **state)
{
    (void)state;
    struct traced t;
    struct las_header header = { 0 };
    traced_make(&t, 2, 1000, 1200);
    char *text = write_las(&t, 1, &header);
    check_has(text, "by curvelogd 1.0\r\n");
    check_has(text, "Scan: well  7.tif\r\n");
    check_has(text, "checkpoint curvenet\r\n");
    check_has(text, "SHA-256: 0123abcd\r\n");
    check_has(text, "Track 1: columns 10 to 110\r\n");
    check_has(text, "GR: 0 to 100, linear, solid line; values at 100 % of the depths, mean confidence 75 %");
    check_has(text, "ILD: 0.2 to 2000, logarithmic, dashed line");
    check_has(text, "LAYOUT {\"tracks\":[]}\r\n");
    free(text);
}

static void nothing_known_is_nothing_told(void **state)
{
    (void)state;
    struct traced t;
    struct table table;
    struct err e = { 0 };
    struct las_header header = { 0 };
    struct las_origin nothing = { 0 };
    traced_make(&t, 1, 0, 20);
    assert_int_equal(table_build(&table, &t.layout, &t.view, 1, 0.5, &e), ERR_OK);
    char *text = write_table(&table, &header, &nothing);
    assert_null(strstr(text, "LAYOUT"));
    assert_null(strstr(text, "(null)"));
    check_lines(text, 256);
    table_clear(&table);
    free(text);
}

/* 40 curves do not fit into 256 characters: the standard's wrapped mode, lines of 80. */
static void many_curves_are_wrapped(void **state)
{
    (void)state;
    enum { N = 40, ROWS = 3 };
    struct layout_curve curves[N] = { 0 };
    struct table_curve columns[N];
    double values[ROWS] = { 1, NAN, 3 };
    float confidence[ROWS] = { 1, 0, 1 };
    struct las_header header = { 0 };
    for (size_t i = 0; i < N; i++) {
        snprintf(curves[i].mnemonic, sizeof curves[i].mnemonic, "C%zu", i);
        curves[i].right = 100;
        columns[i] = (struct table_curve){ .curve = &curves[i], .value = values, .confidence = confidence };
    }
    struct table table = { .has_depth = true, .unit = DEPTH_FT, .start = 100.5, .step = 0.5, .decimals = 1, .rows = ROWS,
                           .curves = columns, .n_curves = N };
    char *text = write_table(&table, &header, &origin);
    check_has(text, "WRAP.                 YES");
    char *data = strstr(text, "~A\r\n");
    assert_non_null(data);
    check_lines(data, 80);
    check_has(data, "\r\n 100.5\r\n");
    size_t numbers = 0;
    for (char *word = strtok(data + 4, " \r\n"); word; word = strtok(NULL, " \r\n"))
        numbers++;
    assert_int_equal(numbers, ROWS * (N + 1));
    free(text);
}

static void depths_and_unit_are_needed(void **state)
{
    (void)state;
    struct table table = { .rows = 1 };
    struct las_header header = { 0 };
    struct err e = { 0 };
    assert_int_equal(las_write(stdout, &table, &header, &origin, &e), ERR_INVALID);
    assert_string_equal(e.field, "depth_top");
    err_clear(&e);
    table.has_depth = true;
    assert_int_equal(las_write(stdout, &table, &header, &origin, &e), ERR_INVALID);
    assert_string_equal(e.field, "depth_unit");
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    struct traced t;
    struct table table;
    struct las_header header = { 0 };
    struct err e = { 0 };
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    traced_make(&t, 1, 0, 200);
    assert_int_equal(table_build(&table, &t.layout, &t.view, 1, 0.5, &e), ERR_OK);
    assert_int_equal(las_write(full, &table, &header, &origin, &e), ERR_DISK_FULL);
    fclose(full);
    table_clear(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_stand_in_order),
        cmocka_unit_test(depths_are_exact),
        cmocka_unit_test(header_is_cleaned),
        cmocka_unit_test(long_texts_stay_in_the_line),
        cmocka_unit_test(nulls_and_values),
        cmocka_unit_test(a_reading_is_never_the_null_value),
        cmocka_unit_test(the_origin_is_told),
        cmocka_unit_test(nothing_known_is_nothing_told),
        cmocka_unit_test(many_curves_are_wrapped),
        cmocka_unit_test(depths_and_unit_are_needed),
        cmocka_unit_test(a_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

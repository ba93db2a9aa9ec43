#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/csv.h"
#include "tests/unit/traced.h"

/* The CSV of the table over these depths; the caller frees it. */
static char *write_csv(struct traced *t, double step, bool confidence)
{
    char *text = NULL;
    size_t size = 0;
    struct table table;
    struct err e = { 0 };
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(table_build(&table, &t->layout, &t->view, 1, step, &e), ERR_OK);
    assert_int_equal(csv_write(out, &table, confidence, &e), ERR_OK);
    fclose(out);
    table_clear(&table);
    return text;
}

static void header_and_values(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 3, 1000, 1200);
    for (int y = 2; y < TRACED_ROWS; y++)
        t.x[1][y] = NAN;
    char *text = write_csv(&t, 0.5, false);
    const char *expected = "DEPT,GR,ILD,NPHI\n"
                           "1000.0,0.00,0.20000,0.45000\n"
                           "1000.5,0.00,0.20000,0.45000\n"
                           "1001.0,0.50,0.20943,0.44700\n"
                           "1001.5,1.00,0.21930,0.44400\n"
                           "1002.0,1.50,,0.44100\n";
    assert_memory_equal(text, expected, strlen(expected));
    free(text);
}

static void confidence_stands_beside_each_curve(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 2, 1000, 1200);
    t.x[1][0] = NAN;
    char *text = write_csv(&t, 1, true);
    const char *expected = "DEPT,GR,GR_CONF,ILD,ILD_CONF\n1000,0.00,0.750,,\n1001,0.50,0.750,0.21930,0.750\n";
    assert_memory_equal(text, expected, strlen(expected));
    free(text);
}

static void without_depths_rows_and_fractions(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 1, 0, 200);
    t.curves[0].right = 1;
    t.layout.n_depth_lines = 0;
    t.layout.y0 = 25;
    char *text = write_csv(&t, 0, false);
    const char *expected = "ROW,GR\n25,0.2500\n26,0.2600\n";
    assert_memory_equal(text, expected, strlen(expected));
    free(text);
}

static void names_are_quoted_where_needed(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 2, 0, 200);
    strcpy(t.curves[0].mnemonic, "A,B");
    strcpy(t.curves[1].mnemonic, "say \"C\"");
    char *text = write_csv(&t, 1, true);
    const char *expected = "DEPT,\"A,B\",\"A,B_CONF\",\"say \"\"C\"\"\",\"say \"\"C\"\"_CONF\"\n";
    assert_memory_equal(text, expected, strlen(expected));
    free(text);
}

static void every_row_has_every_cell(void **state)
{
    (void)state;
    struct traced t;
    traced_make(&t, 3, 10, 31.7);
    char *text = write_csv(&t, 0.0305, true), *rest = text;
    size_t rows = 0;
    for (char *line; (line = strsep(&rest, "\n")) && *line; rows++) {
        size_t commas = 0;
        for (; *line; line++)
            commas += *line == ',';
        assert_int_equal(commas, 6);
    }
    assert_true(rows > 680);
    free(text);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    struct traced t;
    struct table table;
    struct err e = { 0 };
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    traced_make(&t, 1, 0, 200);
    assert_int_equal(table_build(&table, &t.layout, &t.view, 1, 0.001, &e), ERR_OK);
    assert_int_equal(csv_write(full, &table, false, &e), ERR_DISK_FULL);
    assert_non_null(strstr(e.text, "CSV"));
    fclose(full);
    table_clear(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_and_values),
        cmocka_unit_test(confidence_stands_beside_each_curve),
        cmocka_unit_test(without_depths_rows_and_fractions),
        cmocka_unit_test(names_are_quoted_where_needed),
        cmocka_unit_test(every_row_has_every_cell),
        cmocka_unit_test(a_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

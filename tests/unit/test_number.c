#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/number.h"

static void check_scaled(int64_t scaled, int decimals, const char *expected)
{
    char text[NUMBER_MAX];
    assert_int_equal(number_write_scaled(text, scaled, decimals), strlen(expected));
    assert_string_equal(text, expected);
}

static void scaled_numbers_are_exact(void **state)
{
    (void)state;
    check_scaled(0, 0, "0");
    check_scaled(0, 3, "0.000");
    check_scaled(7, 0, "7");
    check_scaled(7, 1, "0.7");
    check_scaled(7, 3, "0.007");
    check_scaled(-7, 3, "-0.007");
    check_scaled(1524, 4, "0.1524");
    check_scaled(123456789, 4, "12345.6789");
    check_scaled(-1000, 3, "-1.000");
    check_scaled(INT64_MAX, 0, "9223372036854775807");
    check_scaled(INT64_MIN, 15, "-9223.372036854775808");
}

static void check_value(double value, int decimals, int significant, const char *expected)
{
    char text[NUMBER_MAX];
    int length = number_write(text, value, (struct number_format){ decimals, significant });
    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
}

static void values_are_rounded(void **state)
{
    (void)state;
    check_value(1.04, 1, 0, "1.0");
    check_value(-0.04, 1, 0, "0.0");
    check_value(99.96, 1, 0, "100.0");
    check_value(-99.94, 1, 0, "-99.9");
    check_value(150, 2, 0, "150.00");
    /* What a double does not hold is not written. */
    check_value(9007199254740993.0 * 2, 3, 0, "18014398509481984");
    check_value(4503599627370495.5, 3, 0, "4503599627370496");
}

static void significant_digits(void **state)
{
    (void)state;
    check_value(0.2, 0, 5, "0.20000");
    check_value(1, 0, 5, "1.0000");
    check_value(1999.96, 0, 5, "2000.0");
    check_value(0.00123456, 0, 5, "0.0012346");
    check_value(123456, 0, 5, "123456");
    check_value(0, 0, 5, "0.0000");
    check_value(-0.5, 0, 5, "-0.50000");
}

static void huge_values_fit(void **state)
{
    (void)state;
    char text[NUMBER_MAX];
    int length = number_write(text, -1.7e308, (struct number_format){ 4, 0 });
    assert_int_equal(length, 310);
    assert_true(strtod(text, NULL) == -1.7e308);
}

static struct number_format format_of(double left, double right, enum curve_scale scale)
{
    struct layout_curve c = { .left = left, .right = right, .scale = scale };
    return number_format_of(&c);
}

static void digits_follow_the_scale(void **state)
{
    (void)state;
    assert_int_equal(format_of(0, 150, SCALE_LIN).decimals, 2);
    assert_int_equal(format_of(0, 1, SCALE_LIN).decimals, 4);
    assert_int_equal(format_of(0.45, -0.15, SCALE_LIN).decimals, 5);
    assert_int_equal(format_of(0, 1e6, SCALE_LIN).decimals, 0);
    assert_int_equal(format_of(1, 1 + 1e-14, SCALE_LIN).decimals, NUMBER_MAX_DECIMALS);
    assert_int_equal(format_of(0, 150, SCALE_LIN).significant, 0);
    assert_int_equal(format_of(0.2, 2000, SCALE_LOG).significant, 5);
    assert_int_equal(format_of(2000, 0.2, SCALE_LOG).significant, 5);
    assert_int_equal(format_of(1, 1.001, SCALE_LOG).significant, 9);
}

/* The last digit is worth no more than 1/10,000 of the track's width. */
static void digits_suffice(void **state)
{
    (void)state;
    const double ends[][2] = { { 0.2, 2000 }, { 1, 10 }, { 100, 0.01 }, { 1, 1.5 } };
    for (size_t s = 0; s < sizeof ends / sizeof ends[0]; s++) {
        struct number_format f = format_of(ends[s][0], ends[s][1], SCALE_LOG);
        for (double u = 0; u <= 1; u += 0.0137) {
            char text[NUMBER_MAX];
            double value = ends[s][0] * pow(ends[s][1] / ends[s][0], u);
            number_write(text, value, f);
            double back = log(strtod(text, NULL) / ends[s][0]) / log(ends[s][1] / ends[s][0]);
            assert_true(fabs(back - u) <= 1e-4);
        }
    }
}

static void least_decimals(void **state)
{
    (void)state;
    assert_int_equal(number_decimals(1, 9), 0);
    assert_int_equal(number_decimals(1000, 9), 0);
    assert_int_equal(number_decimals(0.5, 9), 1);
    assert_int_equal(number_decimals(0.1524, 9), 4);
    assert_int_equal(number_decimals(0.3333, 9), 4);
    assert_int_equal(number_decimals(0.123456789, 9), 9);
    assert_int_equal(number_decimals(0.1234567891, 9), -1);
    assert_int_equal(number_decimals(1.0 / 3, 9), -1);
}

static void check_shortest(double value, const char *expected)
{
    char text[NUMBER_MAX];
    assert_int_equal(number_write_shortest(text, value), strlen(expected));
    assert_string_equal(text, expected);
}

static void shortest_reads_back(void **state)
{
    (void)state;
    check_shortest(0.1, "0.1");
    check_shortest(-0.5, "-0.5");
    check_shortest(150, "150");
    check_shortest(0.30000000000000004, "0.30000000000000004");
}

/* A locale with a decimal comma must not reach the files.  Skipped where none is installed. */
static void locale_does_not_matter(void **state)
{
    (void)state;
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "fr_FR.UTF-8"))
        skip();
    check_value(1.25, 2, 0, "1.25");
    check_shortest(0.1, "0.1");
    assert_int_equal(number_decimals(0.1524, 9), 4);
    setlocale(LC_NUMERIC, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scaled_numbers_are_exact), cmocka_unit_test(values_are_rounded),
        cmocka_unit_test(significant_digits),       cmocka_unit_test(huge_values_fit),
        cmocka_unit_test(digits_follow_the_scale),  cmocka_unit_test(digits_suffice),
        cmocka_unit_test(least_decimals),           cmocka_unit_test(shortest_reads_back),
        cmocka_unit_test(locale_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "server/field_value.h"

static void numbers_are_read_whole(void **state)
{
    (void)state;
    static const struct { const char *text; double value; } good[] = {
        { "0", 0 }, { "-0.5", -0.5 }, { "+3", 3 }, { "1e3", 1000 }, { "1.5E-2", 0.015 }, { ".5", 0.5 }, { "5.", 5 },
        { " 7 ", 7 }, { "0.1524", 0.1524 }, { "007", 7 }, { "438.88697371074556", 438.88697371074556 },
    };
    static const char *const bad[] = {
        "", " ", ".", "-", "+", "e5", "1e", "1e+", "1,5", "1 2", "0x10", "inf", "-inf", "nan", "NaN", "INFINITY", "1e999", "-1e999",
        "12ft", "1_000", "1.2.3", "--1", "1e5.5", "\xd9\xa3", "1\n", "0x1p3", "1f", "$1",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        double value = -1;
        assert_true(value_number(good[i].text, &value));
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double value = -1;
        if (value_number(bad[i], &value))
            fail_msg("\"%s\" was read as %g", bad[i], value);
        assert_true(value == -1);
    }
}

static void words_have_no_case(void **state)
{
    (void)state;
    enum depth_unit unit;
    enum curve_scale scale;
    enum curve_style style;
    assert_true(value_depth_unit("FT", &unit) && unit == DEPTH_FT);
    assert_true(value_depth_unit("f", &unit) && unit == DEPTH_FT);
    assert_true(value_depth_unit("Feet", &unit) && unit == DEPTH_FT);
    assert_true(value_depth_unit("M", &unit) && unit == DEPTH_M);
    assert_true(value_depth_unit("METRES", &unit) && unit == DEPTH_M);
    assert_true(value_depth_unit("meter", &unit) && unit == DEPTH_M);
    assert_false(value_depth_unit("", &unit));
    assert_false(value_depth_unit("km", &unit));
    assert_false(value_depth_unit("ft ", &unit));
    assert_true(value_scale("LOG", &scale) && scale == SCALE_LOG);
    assert_true(value_scale("lin", &scale) && scale == SCALE_LIN);
    assert_false(value_scale("solid", &scale));
    assert_true(value_style("Dotted", &style) && style == STYLE_DOTTED);
    assert_true(value_style("dashed", &style) && style == STYLE_DASHED);
    assert_true(value_style("solid", &style) && style == STYLE_SOLID);
    assert_false(value_style("", &style));
}

static void utf8_is_checked(void **state)
{
    (void)state;
    static const char *const good[] = { "", "abc", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf",
                                        "\xed\x9f\xbf", "\xee\x80\x80" };
    static const char *const bad[] = { "\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                                       "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xe2\x82", "\xe2\x82z", "\xc3\xa4\xa4" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(value_is_utf8(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(value_is_utf8(bad[i]));
}

static void quotes_are_short_and_plain(void **state)
{
    (void)state;
    char out[VALUE_QUOTE_MAX], longest[200];
    assert_string_equal(value_quote(out, "abc"), "abc");
    assert_string_equal(value_quote(out, "a\x01\xc3\xa4\n"), "a????");
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    value_quote(out, longest);
    assert_int_equal(strlen(out), VALUE_QUOTE_MAX - 1);
    assert_string_equal(out + VALUE_QUOTE_MAX - 4, "...");
    longest[VALUE_QUOTE_MAX - 4] = '\0';
    assert_string_equal(value_quote(out, longest), longest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_whole),
        cmocka_unit_test(words_have_no_case),
        cmocka_unit_test(utf8_is_checked),
        cmocka_unit_test(quotes_are_short_and_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

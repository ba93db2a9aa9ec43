#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/fields.h"
#include "tests/unit/near.h"

/* Parses name, value, name, value, ..., NULL. */
static enum err_code parse(struct digitize_options *out, struct err *e, const char *const *pairs)
{
    struct field fields[64];
    size_t n = 0;
    for (; pairs[2 * n]; n++)
        fields[n] = (struct field){ pairs[2 * n], pairs[2 * n + 1] };
    memset(e, 0, sizeof *e);
    return fields_parse(fields, n, out, e);
}

#define PARSE(out, e, ...) parse(out, e, (const char *const[]){ __VA_ARGS__, NULL })

static void check_refused(enum err_code expected, const char *field, const char *const *pairs)
{
    struct digitize_options o;
    struct err e;
    enum err_code code = parse(&o, &e, pairs);
    if (code != expected || strcmp(e.field, field) != 0)
        fail_msg("%s=%s: code %d, field \"%s\", \"%s\"; %d and %s are expected", pairs[0], pairs[1], code, e.field, e.text, expected, field);
    assert_int_equal(e.code, expected);
    assert_true(strlen(e.text) > 10);
    assert_null(o.request.layout.tracks);
    assert_null(o.request.layout.depth_lines);
}

#define REFUSED(code, field, ...) check_refused(code, field, (const char *const[]){ __VA_ARGS__, NULL })

/* As a user types them for one track. */
static void a_whole_request(void **state)
{
    (void)state;
    struct digitize_options o;
    struct err e;
    assert_int_equal(PARSE(&o, &e, "depth_top", "226.24", "depth_bottom", "438.88697371074556", "depth_unit", "m", "track", "15,0,426,5594",
                           "step", "0.05", "format", "csv", "curve", "ILD:OHMM:0.2:200.0:log:solid", "curve", "GR:API:0:200:lin:dashed",
                           "model", "curvenet-2.1", "well", "D K HEINEN 1-4", "uwi", "100/01-11-082-23W4/0", "confidence", "1"),
                     ERR_OK);
    const struct pipeline_request *q = &o.request;
    assert_true(q->has_depth_range && q->has_rows);
    assert_near(q->depth_top, 226.24, 0);
    assert_near(q->depth_bottom, 438.88697371074556, 0);
    assert_near(q->step, 0.05, 0);
    assert_true(q->confidence_columns);
    assert_false(q->one_look);
    assert_int_equal(q->layout.depth_unit, DEPTH_M);
    assert_int_equal(q->layout.y0, 0);
    assert_int_equal(q->layout.y1, 5594);
    assert_int_equal(q->layout.n_tracks, 1);
    const struct layout_track *t = &q->layout.tracks[0];
    assert_near(t->x0, 15, 0);
    assert_near(t->x1, 425, 0);
    assert_int_equal(t->n_curves, 2);
    assert_string_equal(t->curves[0].mnemonic, "ILD");
    assert_string_equal(t->curves[0].unit, "OHMM");
    assert_int_equal(t->curves[0].scale, SCALE_LOG);
    assert_near(t->curves[0].right, 200, 0);
    assert_int_equal(t->curves[1].style, STYLE_DASHED);
    assert_int_equal(o.format, FORMAT_CSV);
    assert_true(o.has_format);
    assert_string_equal(o.model, "curvenet-2.1");
    assert_string_equal(q->header.well, "D K HEINEN 1-4");
    assert_string_equal(q->header.uwi, "100/01-11-082-23W4/0");
    fields_clear(&o);
}

static void nothing_is_enough(void **state)
{
    (void)state;
    struct digitize_options o;
    struct err e = { 0 };
    assert_int_equal(fields_parse(NULL, 0, &o, &e), ERR_OK);
    assert_int_equal(o.request.layout.n_tracks, 0);
    assert_false(o.request.has_rows || o.request.has_depth_range || o.has_format);
    assert_string_equal(o.model, "");
    fields_clear(&o);
}

static void curves_without_a_track_take_the_width(void **state)
{
    (void)state;
    struct digitize_options o;
    struct err e;
    assert_int_equal(PARSE(&o, &e, "curve", "GR"), ERR_OK);
    assert_int_equal(o.request.layout.n_tracks, 1);
    assert_near(o.request.layout.tracks[0].x0, 0, 0);
    assert_near(o.request.layout.tracks[0].x1, 0, 0);
    assert_near(o.request.layout.tracks[0].curves[0].right, 1, 0);
    assert_false(o.request.has_rows);
    fields_clear(&o);
}

static void styles_follow_the_order(void **state)
{
    (void)state;
    struct digitize_options o;
    struct err e;
    assert_int_equal(PARSE(&o, &e, "curve", "A", "curve", "B", "curve", "C", "curve", "D", "curve", "E::::dotted", "curve", "F:V:1:0:solid:lin"),
                     ERR_OK);
    const struct layout_curve *c = o.request.layout.tracks[0].curves;
    const enum curve_style expected[] = { STYLE_SOLID, STYLE_DASHED, STYLE_DOTTED, STYLE_SOLID, STYLE_DOTTED, STYLE_SOLID };
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(c[i].style, expected[i]);
        assert_int_equal(c[i].style_guessed, i < 4);
    }
    assert_near(c[5].left, 1, 0);
    fields_clear(&o);
}

static void depth_lines_are_sorted(void **state)
{
    (void)state;
    struct digitize_options o;
    struct err e;
    assert_int_equal(PARSE(&o, &e, "depth_line", "300:1010", "depth_line", "100:1000", "depth_line", "400.5:1020.5", "depth_unit", "FEET"), ERR_OK);
    assert_int_equal(o.request.layout.n_depth_lines, 3);
    assert_near(o.request.layout.depth_lines[0].y, 100.5, 0);
    assert_near(o.request.layout.depth_lines[0].depth, 1000, 0);
    assert_near(o.request.layout.depth_lines[2].y, 401, 0);
    assert_false(o.request.has_depth_range);
    fields_clear(&o);
    assert_int_equal(PARSE(&o, &e, "depth_line", "10:-100", "depth_line", "20:-110", "depth_unit", "m"), ERR_OK);
    fields_clear(&o);
}

static void edges_are_sorted_and_span_the_track(void **state)
{
    (void)state;
    struct digitize_options o;
    struct err e;
    assert_int_equal(PARSE(&o, &e, "edge", "500:20.5:420", "edge", "0:10:410"), ERR_OK);
    const struct layout_track *t = &o.request.layout.tracks[0];
    assert_int_equal(t->n_edges, 2);
    assert_near(t->edges[0].y, 0.5, 0);
    assert_near(t->edges[1].x0, 20.5, 0);
    assert_near(t->x0, 10, 0);
    assert_near(t->x1, 420, 0);
    fields_clear(&o);
    assert_int_equal(PARSE(&o, &e, "edge", "500:20.5:420", "track", "5,10,401,600"), ERR_OK);
    assert_near(o.request.layout.tracks[0].x1, 400, 0);
    assert_int_equal(o.request.layout.y0, 10);
    fields_clear(&o);
}

static void wrong_numbers_name_their_field(void **state)
{
    (void)state;
    static const char *const bad[] = { "", "abc", "nan", "inf", "0x10", "1,5", "12 ft", "1e999" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        REFUSED(ERR_MALFORMED, "depth_top", "depth_top", bad[i]);
        REFUSED(ERR_MALFORMED, "depth_bottom", "depth_bottom", bad[i]);
        REFUSED(ERR_MALFORMED, "step", "step", bad[i]);
    }
    REFUSED(ERR_INVALID, "step", "step", "0");
    REFUSED(ERR_INVALID, "step", "step", "-0.1");
    REFUSED(ERR_INVALID, "depth_top", "depth_top", "1e7");
}

static void depths_belong_together(void **state)
{
    (void)state;
    REFUSED(ERR_INVALID, "depth_bottom", "depth_top", "100", "depth_unit", "ft");
    REFUSED(ERR_INVALID, "depth_top", "depth_bottom", "100", "depth_unit", "ft");
    REFUSED(ERR_INVALID, "depth_bottom", "depth_top", "200", "depth_bottom", "100", "depth_unit", "ft");
    REFUSED(ERR_INVALID, "depth_bottom", "depth_top", "200", "depth_bottom", "200", "depth_unit", "ft");
    REFUSED(ERR_INVALID, "depth_unit", "depth_top", "100", "depth_bottom", "200");
    REFUSED(ERR_INVALID, "depth_unit", "depth_unit", "km");
    REFUSED(ERR_INVALID, "depth_line", "depth_line", "1:100", "depth_line", "2:200", "depth_top", "1", "depth_bottom", "2", "depth_unit", "ft");
    REFUSED(ERR_INVALID, "depth_line", "depth_line", "1:100", "depth_unit", "ft");
    REFUSED(ERR_INVALID, "depth_line", "depth_line", "1:100", "depth_line", "1:200", "depth_unit", "ft");
    REFUSED(ERR_INVALID, "depth_line", "depth_line", "1:100", "depth_line", "2:100", "depth_unit", "ft");
    REFUSED(ERR_INVALID, "depth_line", "depth_line", "1:100", "depth_line", "2:120", "depth_line", "3:110", "depth_unit", "ft");
    REFUSED(ERR_INVALID, "depth_line", "depth_line", "-5:100", "depth_line", "2:120", "depth_unit", "ft");
    REFUSED(ERR_INVALID, "depth_unit", "depth_line", "1:100", "depth_line", "2:120");
}

static void wrong_forms_name_their_field(void **state)
{
    (void)state;
    static const char *const track[] = { "", "1,2,3", "1,2,3,4,5", "a,0,10,10", "1;2;3;4", "1,2,,4" };
    for (size_t i = 0; i < sizeof track / sizeof track[0]; i++)
        REFUSED(ERR_MALFORMED, "track", "track", track[i]);
    REFUSED(ERR_INVALID, "track", "track", "10,0,10,100");
    REFUSED(ERR_INVALID, "track", "track", "10,0,11,100");
    REFUSED(ERR_INVALID, "track", "track", "20,0,10,100");
    REFUSED(ERR_INVALID, "track", "track", "0,100,10,100");
    REFUSED(ERR_INVALID, "track", "track", "-1,0,10,100");
    REFUSED(ERR_INVALID, "track", "track", "0.5,0,10,100");
    REFUSED(ERR_INVALID, "track", "track", "0,0,10,1e12");
    REFUSED(ERR_MALFORMED, "depth_line", "depth_line", "100");
    REFUSED(ERR_MALFORMED, "depth_line", "depth_line", "100:200:300");
    REFUSED(ERR_MALFORMED, "depth_line", "depth_line", "100:abc");
    REFUSED(ERR_MALFORMED, "edge", "edge", "100:10");
    REFUSED(ERR_INVALID, "edge", "edge", "100:20:10");
    REFUSED(ERR_INVALID, "edge", "edge", "100:10:20", "edge", "100:11:21");
    REFUSED(ERR_INVALID, "edge", "edge", "-2:10:20");
}

static void wrong_curves_are_refused(void **state)
{
    (void)state;
    char long_name[100];
    snprintf(long_name, sizeof long_name, "%0*d:V:0:1", 40, 1);
    REFUSED(ERR_INVALID, "curve", "curve", "");
    REFUSED(ERR_INVALID, "curve", "curve", ":GAPI:0:150");
    REFUSED(ERR_INVALID, "curve", "curve", long_name);
    REFUSED(ERR_INVALID, "curve", "curve", "G R:GAPI:0:150");
    REFUSED(ERR_INVALID, "curve", "curve", "G.R:GAPI:0:150");
    REFUSED(ERR_INVALID, "curve", "curve", "=SUM(A1):V:0:150");
    REFUSED(ERR_INVALID, "curve", "curve", "~GR:V:0:150");
    REFUSED(ERR_INVALID, "curve", "curve", "DEPT:FT:0:150");
    REFUSED(ERR_INVALID, "curve", "curve", "row");
    REFUSED(ERR_INVALID, "curve", "curve", "GR:A PI:0:150");
    REFUSED(ERR_INVALID, "curve", "curve", "GR:GAPI");
    REFUSED(ERR_MALFORMED, "curve", "curve", "GR:GAPI:0");
    REFUSED(ERR_MALFORMED, "curve", "curve", "GR:GAPI:0:x");
    REFUSED(ERR_MALFORMED, "curve", "curve", "GR:GAPI:0:nan");
    REFUSED(ERR_MALFORMED, "curve", "curve", "GR:GAPI::150");
    REFUSED(ERR_MALFORMED, "curve", "curve", "GR:GAPI:0:150:lin:solid:extra");
    REFUSED(ERR_INVALID, "curve", "curve", "GR:GAPI:150:150");
    REFUSED(ERR_INVALID, "curve", "curve", "ILD:OHMM:0:2000:log");
    REFUSED(ERR_INVALID, "curve", "curve", "ILD:OHMM:-1:2000:log");
    REFUSED(ERR_INVALID, "curve", "curve", "GR::::log");
    REFUSED(ERR_INVALID, "curve", "curve", "GR:GAPI:0:150:lin:log");
    REFUSED(ERR_INVALID, "curve", "curve", "GR:GAPI:0:150:wavy");
    REFUSED(ERR_INVALID, "curve", "curve", "GR:GAPI:0:1e300");
    REFUSED(ERR_INVALID, "curve", "curve", "GR:GAPI:0:150", "curve", "gr:GAPI:0:100");
}

static void wrong_words_are_refused(void **state)
{
    (void)state;
    char long_text[300];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    REFUSED(ERR_INVALID, "format", "format", "xml");
    REFUSED(ERR_INVALID, "confidence", "confidence", "maybe");
    REFUSED(ERR_INVALID, "second_look", "second_look", "thrice");
    REFUSED(ERR_INVALID, "model", "model", "../etc/passwd");
    REFUSED(ERR_INVALID, "model", "model", ".hidden");
    REFUSED(ERR_INVALID, "model", "model", long_text);
    REFUSED(ERR_INVALID, "well", "well", long_text);
    REFUSED(ERR_MALFORMED, "company", "company", "\xff\xfe");
    REFUSED(ERR_MALFORMED, "colour", "colour", "red");
    REFUSED(ERR_MALFORMED, "", "", "red");
    REFUSED(ERR_MALFORMED, "step", "step", "0.1", "step", "0.1");
    REFUSED(ERR_MALFORMED, "track", "track", "0,0,10,10", "track", "0,0,10,10");
}

static void a_layout_stands_alone(void **state)
{
    (void)state;
    const char *layout = "{\"depth_unit\":\"ft\",\"rows\":[10,90],\"depth_lines\":{\"20\":1,\"30\":2},\"tracks\":[{\"x\":[5,50],\"curves\":[{\"mnemonic\":\"GR\"}]}]}";
    struct digitize_options o;
    struct err e;
    assert_int_equal(PARSE(&o, &e, "step", "0.1", "layout", layout, "format", "las", "well", "W"), ERR_OK);
    assert_true(o.request.has_rows);
    assert_int_equal(o.request.layout.y1, 90);
    assert_int_equal(o.request.layout.n_depth_lines, 2);
    fields_clear(&o);
    REFUSED(ERR_INVALID, "curve", "layout", layout, "curve", "SP");
    REFUSED(ERR_INVALID, "track", "track", "0,0,10,10", "layout", layout);
    REFUSED(ERR_INVALID, "depth_unit", "depth_unit", "ft", "layout", layout);
    REFUSED(ERR_MALFORMED, "layout", "layout", "{");
    REFUSED(ERR_INVALID, "layout.tracks[0].x", "layout", "{\"tracks\":[{\"x\":[50,5]}]}");
}

static void limits_hold(void **state)
{
    (void)state;
    enum { N = 5001 };
    struct field *fields = calloc(N + 1, sizeof *fields);
    char (*values)[32] = calloc(N, sizeof *values);
    struct digitize_options o;
    struct err e = { 0 };
    for (int i = 0; i < N; i++) {
        snprintf(values[i], sizeof values[i], "%d:%d", i * 40, 1000 + i);
        fields[i] = (struct field){ "depth_line", values[i] };
    }
    fields[N - 1] = (struct field){ "depth_unit", "ft" };
    assert_int_equal(fields_parse(fields, N, &o, &e), ERR_OK);
    assert_int_equal(o.request.layout.n_depth_lines, 5000);
    fields_clear(&o);
    fields[N] = (struct field){ "depth_line", "1000000:9000" };
    assert_int_equal(fields_parse(fields, N + 1, &o, &e), ERR_INVALID);
    assert_string_equal(e.field, "depth_line");
    err_clear(&e);
    for (int i = 0; i < 65; i++) {
        snprintf(values[i], sizeof values[i], "C%d", i);
        fields[i] = (struct field){ "curve", values[i] };
    }
    assert_int_equal(fields_parse(fields, 64, &o, &e), ERR_OK);
    fields_clear(&o);
    assert_int_equal(fields_parse(fields, 65, &o, &e), ERR_INVALID);
    assert_string_equal(e.field, "curve");
    free(values);
    free(fields);
}

static enum err_code parse_json(const char *text, struct digitize_options *o, struct err *e)
{
    memset(e, 0, sizeof *e);
    return fields_parse_json(text, strlen(text), o, e);
}

static void json_gives_the_same(void **state)
{
    (void)state;
    struct digitize_options o;
    struct err e;
    const char *body = " {\"key\":\"uploads/a.tif\",\"depth_top\":100.1,\"depth_bottom\":\"200\",\"depth_unit\":\"ft\",\"step\":0.1,"
                       "\"track\":[15,0,426,5594],\"curve\":[\"GR:GAPI:0:150\",\"CALI:IN:6:16\"],\"edge\":\"7:15:420\",\"confidence\":true,\"second_look\":0} \n";
    assert_int_equal(parse_json(body, &o, &e), ERR_OK);
    assert_string_equal(o.key, "uploads/a.tif");
    assert_near(o.request.depth_top, 100.1, 0);
    assert_near(o.request.depth_bottom, 200, 0);
    assert_near(o.request.step, 0.1, 0);
    assert_true(o.request.confidence_columns);
    assert_true(o.request.one_look);
    assert_int_equal(o.request.layout.y1, 5594);
    assert_int_equal(o.request.layout.tracks[0].n_curves, 2);
    assert_int_equal(o.request.layout.tracks[0].n_edges, 1);
    fields_clear(&o);
    assert_int_equal(parse_json("{\"layout\":{\"tracks\":[{\"x\":[1,499],\"curves\":[{\"mnemonic\":\"GR\"}]}]}}", &o, &e), ERR_OK);
    assert_near(o.request.layout.tracks[0].x1, 499, 0);
    fields_clear(&o);
}

static void wrong_json_is_refused(void **state)
{
    (void)state;
    static const struct { const char *text, *field; enum err_code code; } bad[] = {
        { "", "", ERR_MALFORMED },
        { "[]", "", ERR_MALFORMED },
        { "{", "", ERR_MALFORMED },
        { "{} x", "", ERR_MALFORMED },
        { "\"a\"", "", ERR_MALFORMED },
        { "{\"step\":null}", "step", ERR_MALFORMED },
        { "{\"step\":1e999}", "step", ERR_MALFORMED },
        { "{\"step\":{}}", "step", ERR_MALFORMED },
        { "{\"step\":[0.1,0.2]}", "step", ERR_MALFORMED },
        { "{\"step\":1,\"step\":2}", "step", ERR_MALFORMED },
        { "{\"curve\":[[1]]}", "curve", ERR_MALFORMED },
        { "{\"track\":[1,2,3]}", "track", ERR_MALFORMED },
        { "{\"track\":[1,2,3,\"4\"]}", "track", ERR_MALFORMED },
        { "{\"track\":[1.234567890123456e-100,2.234567890123456e-100,3.234567890123456e-100,1.234567890123456e-100,1.234567890123456e-100,1.234567890123456e-100]}",
          "track", ERR_MALFORMED },
        { "{\"nothing\":1}", "nothing", ERR_MALFORMED },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct digitize_options o;
        struct err e;
        enum err_code code = parse_json(bad[i].text, &o, &e);
        if (code != bad[i].code || strcmp(e.field, bad[i].field) != 0)
            fail_msg("%s: code %d, field \"%s\", \"%s\"", bad[i].text, code, e.field, e.text);
        assert_null(o.request.layout.tracks);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_request),
        cmocka_unit_test(nothing_is_enough),
        cmocka_unit_test(curves_without_a_track_take_the_width),
        cmocka_unit_test(styles_follow_the_order),
        cmocka_unit_test(depth_lines_are_sorted),
        cmocka_unit_test(edges_are_sorted_and_span_the_track),
        cmocka_unit_test(wrong_numbers_name_their_field),
        cmocka_unit_test(depths_belong_together),
        cmocka_unit_test(wrong_forms_name_their_field),
        cmocka_unit_test(wrong_curves_are_refused),
        cmocka_unit_test(wrong_words_are_refused),
        cmocka_unit_test(a_layout_stands_alone),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(json_gives_the_same),
        cmocka_unit_test(wrong_json_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

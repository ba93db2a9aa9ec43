#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/layout_json.h"
#include "tests/unit/near.h"

static enum err_code read(const char *text, struct layout *out, bool *has_rows, struct err *e)
{
    memset(e, 0, sizeof *e);
    return layout_json_read(text, strlen(text), out, has_rows, e);
}

static const char two_tracks[] =
    "{\"depth_unit\":\"ft\",\"rows\":[2524,11656],\"depth_lines\":{\"11203\":1100,\"2575\":250,\"3083\":300},\"tracks\":["
    "{\"x\":[1,499],\"curves\":[{\"mnemonic\":\"GR\",\"unit\":\"GAPI\",\"left\":0,\"right\":150,\"style\":\"solid\"},"
    "{\"mnemonic\":\"CALI\",\"unit\":\"IN\",\"left\":6,\"right\":16}]},"
    "{\"x_at\":{\"9000\":[670.5,1668],\"2524\":[665,1663]},\"curves\":[{\"mnemonic\":\"ILD\",\"unit\":\"OHMM\",\"left\":0.2,\"right\":2000,\"scale\":\"log\"}]}]}";

static void all_members_are_read(void **state)
{
    (void)state;
    struct layout l;
    struct err e;
    bool has_rows;
    if (read(two_tracks, &l, &has_rows, &e) != ERR_OK)
        fail_msg("%s: %s", e.field, e.text);
    assert_true(has_rows);
    assert_int_equal(l.depth_unit, DEPTH_FT);
    assert_int_equal(l.y0, 2524);
    assert_int_equal(l.y1, 11656);
    assert_int_equal(l.n_depth_lines, 3);
    assert_near(l.depth_lines[0].y, 2575.5, 0);
    assert_near(l.depth_lines[2].depth, 1100, 0);
    assert_int_equal(l.n_tracks, 2);
    assert_near(l.tracks[0].x1, 499, 0);
    assert_int_equal(l.tracks[0].n_curves, 2);
    assert_false(l.tracks[0].curves[0].style_guessed);
    assert_int_equal(l.tracks[0].curves[1].style, STYLE_DASHED);
    assert_true(l.tracks[0].curves[1].style_guessed);
    assert_int_equal(l.tracks[1].n_edges, 2);
    assert_near(l.tracks[1].edges[0].y, 2524.5, 0);
    assert_near(l.tracks[1].x0, 665, 0);
    assert_near(l.tracks[1].x1, 1668, 0);
    assert_int_equal(l.tracks[1].curves[0].scale, SCALE_LOG);
    layout_clear(&l);
}

static void little_is_enough(void **state)
{
    (void)state;
    struct layout l;
    struct err e;
    bool has_rows;
    assert_int_equal(read(" {\"tracks\":[{\"curves\":[{\"mnemonic\":\"GR\"}]}, {}]}\r\n", &l, &has_rows, &e), ERR_OK);
    assert_false(has_rows);
    assert_near(l.tracks[0].x1, 0, 0);
    assert_near(l.tracks[0].curves[0].right, 1, 0);
    assert_int_equal(l.tracks[1].n_curves, 0);
    layout_clear(&l);
}

static void written_layouts_read_back_the_same(void **state)
{
    (void)state;
    struct layout l, again;
    struct err e;
    bool has_rows;
    assert_int_equal(read(two_tracks, &l, &has_rows, &e), ERR_OK);
    l.depth_lines[0].y = 0;                 /* the scan's upper edge, as depth_top gives it */
    l.depth_lines[1].depth = 300.1 + 0.2;
    char *text = layout_json_write(&l);
    assert_non_null(strstr(text, "\"-0.5\":250"));
    assert_null(strpbrk(text, " \n"));
    if (read(text, &again, &has_rows, &e) != ERR_OK)
        fail_msg("%s: %s\n%s", e.field, e.text, text);
    assert_true(has_rows);
    assert_memory_equal(again.depth_lines, l.depth_lines, l.n_depth_lines * sizeof *l.depth_lines);
    assert_memory_equal(again.tracks[0].curves, l.tracks[0].curves, 2 * sizeof *l.tracks[0].curves);
    assert_memory_equal(again.tracks[1].edges, l.tracks[1].edges, 2 * sizeof *l.tracks[1].edges);
    assert_near(again.tracks[1].x1, l.tracks[1].x1, 0);
    char *twice = layout_json_write(&again);
    assert_string_equal(twice, text);
    free(twice);
    free(text);
    layout_clear(&again);
    layout_clear(&l);
}

static void the_whole_width_is_left_out(void **state)
{
    (void)state;
    struct layout l;
    struct err e;
    bool has_rows;
    assert_int_equal(read("{\"tracks\":[{\"curves\":[]}]}", &l, &has_rows, &e), ERR_OK);
    char *text = layout_json_write(&l);
    assert_string_equal(text, "{\"tracks\":[{\"curves\":[]}]}");
    free(text);
    layout_clear(&l);
}

#define CURVE(text) "{\"tracks\":[{\"curves\":[{\"mnemonic\":\"A\"},{" text "}]}]}"
#define TRACK(text) "{\"tracks\":[{" text "}]}"
#define TOP(text) "{" text ",\"tracks\":[{}]}"

static void errors_name_the_member(void **state)
{
    (void)state;
    static const struct { const char *text, *field; enum err_code code; } bad[] = {
        { "", "layout", ERR_MALFORMED },
        { "{", "layout", ERR_MALFORMED },
        { "{\"tracks\":[{}]} x", "layout", ERR_MALFORMED },
        { "[]", "layout", ERR_MALFORMED },
        { "7", "layout", ERR_MALFORMED },
        { "{}", "layout.tracks", ERR_MALFORMED },
        { "{\"tracks\":[]}", "layout.tracks", ERR_INVALID },
        { "{\"tracks\":[7]}", "layout.tracks[0]", ERR_MALFORMED },
        { TOP("\"foo\":1"), "layout.foo", ERR_MALFORMED },
        { TOP("\"rows\":[1,2],\"rows\":[1,2]"), "layout.rows", ERR_MALFORMED },
        { TOP("\"depth_unit\":\"km\""), "layout.depth_unit", ERR_INVALID },
        { TOP("\"depth_unit\":7"), "layout.depth_unit", ERR_MALFORMED },
        { TOP("\"rows\":[1]"), "layout.rows", ERR_MALFORMED },
        { TOP("\"rows\":[1,\"2\"]"), "layout.rows", ERR_MALFORMED },
        { TOP("\"rows\":[2,1]"), "layout.rows", ERR_INVALID },
        { TOP("\"rows\":[0.5,9]"), "layout.rows", ERR_INVALID },
        { TOP("\"rows\":[-1,9]"), "layout.rows", ERR_INVALID },
        { TOP("\"rows\":[1,1e300]"), "layout.rows", ERR_INVALID },
        { TOP("\"depth_lines\":[1,2]"), "layout.depth_lines", ERR_MALFORMED },
        { TOP("\"depth_lines\":{\"1\":5}"), "layout.depth_lines", ERR_INVALID },
        { TOP("\"depth_lines\":{\"1\":5,\"x\":6}"), "layout.depth_lines.x", ERR_MALFORMED },
        { TOP("\"depth_lines\":{\"1\":5,\"1\":6}"), "layout.depth_lines", ERR_INVALID },
        { TOP("\"depth_lines\":{\"1\":5,\"2\":\"6\"}"), "layout.depth_lines.2", ERR_MALFORMED },
        { TOP("\"depth_lines\":{\"1\":5,\"-9\":6}"), "layout.depth_lines.-9", ERR_INVALID },
        { TOP("\"depth_lines\":{\"1\":5,\"2\":6,\"3\":5.5}"), "layout.depth_lines", ERR_INVALID },
        { TOP("\"depth_lines\":{\"1\":5,\"2\":6}"), "layout.depth_unit", ERR_INVALID },
        { TOP("\"depth_lines\":{\"1\":5,\"2\":1e999}"), "layout.depth_lines.2", ERR_MALFORMED },
        { TRACK("\"x\":[5]"), "layout.tracks[0].x", ERR_MALFORMED },
        { TRACK("\"x\":[5,5]"), "layout.tracks[0].x", ERR_INVALID },
        { TRACK("\"x\":[5,1e99]"), "layout.tracks[0].x", ERR_INVALID },
        { TRACK("\"x_at\":[5,5]"), "layout.tracks[0].x_at", ERR_MALFORMED },
        { TRACK("\"x_at\":{\"5\":5}"), "layout.tracks[0].x_at.5", ERR_MALFORMED },
        { TRACK("\"x_at\":{\"5\":[9,5]}"), "layout.tracks[0].x_at.5", ERR_INVALID },
        { TRACK("\"x_at\":{\"5\":[1,5],\"5.0\":[1,5]}"), "layout.tracks[0].x_at", ERR_INVALID },
        { TRACK("\"curves\":{}"), "layout.tracks[0].curves", ERR_MALFORMED },
        { TRACK("\"curve\":[]"), "layout.tracks[0].curve", ERR_MALFORMED },
        { CURVE("\"unit\":\"V\""), "layout.tracks[0].curves[1].mnemonic", ERR_INVALID },
        { CURVE("\"mnemonic\":7"), "layout.tracks[0].curves[1].mnemonic", ERR_MALFORMED },
        { CURVE("\"mnemonic\":\"a\""), "layout.tracks[0].curves[1].mnemonic", ERR_INVALID },
        { CURVE("\"mnemonic\":\"B\",\"unit\":\"a b\""), "layout.tracks[0].curves[1].unit", ERR_INVALID },
        { CURVE("\"mnemonic\":\"B\",\"unit\":\"a:b\""), "layout.tracks[0].curves[1].unit", ERR_INVALID },
        { CURVE("\"mnemonic\":\"B\",\"scale\":\"cubic\""), "layout.tracks[0].curves[1].scale", ERR_INVALID },
        { CURVE("\"mnemonic\":\"B\",\"style\":\"wavy\""), "layout.tracks[0].curves[1].style", ERR_INVALID },
        { CURVE("\"mnemonic\":\"B\",\"left\":1"), "layout.tracks[0].curves[1].right", ERR_MALFORMED },
        { CURVE("\"mnemonic\":\"B\",\"right\":1"), "layout.tracks[0].curves[1].left", ERR_MALFORMED },
        { CURVE("\"mnemonic\":\"B\",\"left\":1,\"right\":1"), "layout.tracks[0].curves[1].left", ERR_INVALID },
        { CURVE("\"mnemonic\":\"B\",\"left\":0,\"right\":1,\"scale\":\"log\""), "layout.tracks[0].curves[1].left", ERR_INVALID },
        { "{\"tracks\":[{\"curves\":[{\"mnemonic\":\"A\"}]},{\"curves\":[{\"mnemonic\":\"A\"}]}]}", "layout.tracks[1].curves[0].mnemonic",
          ERR_INVALID },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct layout l;
        struct err e;
        bool has_rows;
        enum err_code code = read(bad[i].text, &l, &has_rows, &e);
        if (code != bad[i].code || strcmp(e.field, bad[i].field) != 0)
            fail_msg("%s: code %d, field \"%s\", \"%s\"", bad[i].text, code, e.field, e.text);
        assert_null(l.tracks);
        assert_null(l.depth_lines);
    }
}

/* Whatever is cut off or changed, the answer is a layout or an error, never a crash. */
static void damaged_text_is_survived(void **state)
{
    (void)state;
    char text[sizeof two_tracks];
    for (size_t i = 0; i < sizeof two_tracks - 1; i++)
        for (int change = 0; change < 4; change++) {
            struct layout l;
            struct err e = { 0 };
            bool has_rows;
            memcpy(text, two_tracks, sizeof text);
            text[i] = "}\"9\0"[change];
            size_t length = change == 3 ? i : sizeof two_tracks - 1;
            if (layout_json_read(text, length, &l, &has_rows, &e) != ERR_OK) {
                assert_true(e.code == ERR_MALFORMED || e.code == ERR_INVALID);
                assert_true(e.text[0] != '\0' && e.field[0] != '\0');
            }
            layout_clear(&l);
        }
}

static void too_many_curves_are_refused(void **state)
{
    (void)state;
    char text[4096] = "{\"tracks\":[{\"curves\":[";
    struct layout l;
    struct err e;
    bool has_rows;
    for (int i = 0; i < 65; i++)
        snprintf(text + strlen(text), 64, "%s{\"mnemonic\":\"C%d\"}", i ? "," : "", i);
    strcat(text, "]}]}");
    assert_int_equal(read(text, &l, &has_rows, &e), ERR_INVALID);
    assert_string_equal(e.field, "layout.tracks[0].curves");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_members_are_read),
        cmocka_unit_test(little_is_enough),
        cmocka_unit_test(written_layouts_read_back_the_same),
        cmocka_unit_test(the_whole_width_is_left_out),
        cmocka_unit_test(errors_name_the_member),
        cmocka_unit_test(damaged_text_is_survived),
        cmocka_unit_test(too_many_curves_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

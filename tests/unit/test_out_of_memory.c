/* Every allocation of the calibration, the writers and the field readers fails once: the call says so,
 * gives back what it held, and works when tried again.  cJSON's allocations fail like our own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/csv.h"
#include "postproc/las.h"
#include "postproc/overlay.h"
#include "server/fields.h"
#include "server/layout_json.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/traced.h"

static struct traced traced;
static FILE *sink;

static enum err_code build_and_write(struct err *e)
{
    struct table table;
    struct las_header header = { 0 };
    struct las_origin origin = { .layout = &traced.layout };
    enum err_code code = table_build(&table, &traced.layout, &traced.view, 1, 0.5, e);
    if (code != ERR_OK)
        return code;
    code = csv_write(sink, &table, true, e);
    if (code == ERR_OK)
        code = las_write(sink, &table, &header, &origin, e);
    table_clear(&table);
    return code;
}

static enum err_code draw(struct err *e)
{
    struct overlay_track track = { 0, traced.traces, 3 };
    struct overlay *o;
    uint8_t row[120] = { 0 };
    enum err_code code = overlay_begin(&o, sink, 120, 2, 1, &track, 1, e);
    for (int y = 0; code == ERR_OK && y < 2; y++)
        code = overlay_push(o, row, e);
    if (code == ERR_OK)
        return overlay_end(o, e);
    overlay_free(o);
    return code;
}

static enum err_code parse_fields(struct err *e)
{
    static const struct field fields[] = { { "curve", "A" },         { "curve", "B" },         { "curve", "C" },        { "edge", "1:2:30" },
                                           { "depth_line", "1:2" },  { "depth_line", "2:3" },  { "depth_unit", "ft" } };
    struct digitize_options o;
    enum err_code code = fields_parse(fields, sizeof fields / sizeof fields[0], &o, e);
    fields_clear(&o);
    return code;
}

static const char body[] = "{\"curve\":[\"A\",\"B\"],\"edge\":\"1:2:30\",\"step\":0.5,\"track\":[0,0,20,20],\"confidence\":true}";
static const char layout_body[] = "{\"layout\":{\"depth_unit\":\"ft\",\"depth_lines\":{\"1\":2,\"2\":3},\"tracks\":[{\"x_at\":{\"1\":[2,3]},"
                                  "\"curves\":[{\"mnemonic\":\"A\"}]}]}}";

/* cJSON cannot say whether a text is wrong or memory was short: a refusal as malformed is let pass. */
static enum err_code parse_text(const char *text, size_t length, struct err *e)
{
    struct digitize_options o;
    enum err_code code = fields_parse_json(text, length, &o, e);
    fields_clear(&o);
    if (code == ERR_MALFORMED) {
        err_clear(e);
        return err_memory(e, "the text");
    }
    return code;
}

static enum err_code parse_body(struct err *e)
{
    return parse_text(body, sizeof body - 1, e);
}

static enum err_code parse_layout(struct err *e)
{
    return parse_text(layout_body, sizeof layout_body - 1, e);
}

static enum err_code write_layout(struct err *e)
{
    char *text = layout_json_write(&traced.layout);
    free(text);
    return text ? ERR_OK : err_memory(e, "the layout");
}

static void calibration_and_writers(void **state)
{
    (void)state;
    assert_in_range(fail_each(build_and_write, ERR_NO_MEMORY), 11, 13);
}

static void overlay_drawing(void **state)
{
    (void)state;
    assert_in_range(fail_each(draw, ERR_NO_MEMORY), 5, 6);
}

static void field_reading(void **state)
{
    (void)state;
    assert_in_range(fail_each(parse_fields, ERR_NO_MEMORY), 6, 20);
    assert_in_range(fail_each(parse_body, ERR_NO_MEMORY), 20, 100);
    assert_in_range(fail_each(parse_layout, ERR_NO_MEMORY), 20, 100);
}

static void layout_writing(void **state)
{
    (void)state;
    assert_in_range(fail_each(write_layout, ERR_NO_MEMORY), 20, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calibration_and_writers),
        cmocka_unit_test(overlay_drawing),
        cmocka_unit_test(field_reading),
        cmocka_unit_test(layout_writing),
    };
    wrap_json();
    traced_make(&traced, 3, 0, 200);
    sink = fopen("/dev/null", "wb");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

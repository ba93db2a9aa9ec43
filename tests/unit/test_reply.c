/* The JSON of a result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "server/reply.h"

static struct pipeline_result result;
static struct pipeline_request request;
static struct curvenet_info net;

static int setup(void **state)
{
    (void)state;
    memset(&request, 0, sizeof request);
    result = (struct pipeline_result){
        .image = {.width = 500, .height = 9000, .dpi_x = 200, .dpi_y = 200, .bits = 1, .samples = 1},
        .x0 = 15, .x1 = 425, .y0 = 0, .y1 = 9000, .n_curves = 1,
        .curves = {{.curve = {.mnemonic = "ILD", .unit = "OHMM", .left = 0.2, .right = 2000, .scale = SCALE_LOG,
                              .style = STYLE_DASHED}, .samples = 10, .coverage = 0.98765, .confidence = 0.5}},
        .has_depth = true, .start = 1000, .stop = 1100.5, .step = 0.5, .samples = 202,
        .windows = 1, .pixels = 4500000, .seconds = {[STAGE_FORWARD] = 1.23456},
        .warnings = {"Mind the gap."}, .n_warnings = 1,
    };
    request.layout.depth_unit = DEPTH_M;
    memset(net.sha256, 'a', 64);
    return 0;
}

static cJSON *make(void)
{
    cJSON *reply = reply_result(&(struct reply_facts){
        .id = "id1", .scan_name = "well.tif", .model = "curvenet", .net = &net, .request = &request, .result = &result});
    assert_non_null(reply);
    return reply;
}

static const cJSON *at(const cJSON *json, const char *a, const char *b)
{
    json = cJSON_GetObjectItemCaseSensitive(json, a);
    return b ? cJSON_GetObjectItemCaseSensitive(json, b) : json;
}

static void members(void **state)
{
    (void)state;
    cJSON *reply = make();
    assert_string_equal(at(reply, "id", NULL)->valuestring, "id1");
    assert_string_equal(at(reply, "model", "name")->valuestring, "curvenet");
    assert_int_equal(strlen(at(reply, "model", "sha256")->valuestring), 64);
    assert_true(at(reply, "image", "height")->valuedouble == 9000);
    /* x1 is exclusive, as in the field. */
    assert_true(at(reply, "track", "x0")->valuedouble == 15 && at(reply, "track", "x1")->valuedouble == 426);
    const cJSON *curve = cJSON_GetArrayItem(at(reply, "curves", NULL), 0);
    assert_string_equal(at(curve, "scale", NULL)->valuestring, "log");
    assert_string_equal(at(curve, "style", NULL)->valuestring, "dashed");
    assert_true(at(curve, "coverage", NULL)->valuedouble == 0.9877);
    assert_string_equal(at(reply, "depth", "unit")->valuestring, "m");
    assert_true(at(reply, "depth", "stop")->valuedouble == 1100.5);
    assert_string_equal(cJSON_GetArrayItem(at(reply, "warnings", NULL), 0)->valuestring, "Mind the gap.");
    cJSON_Delete(reply);
}

static void no_depth(void **state)
{
    (void)state;
    result.has_depth = false;
    cJSON *reply = make();
    assert_true(cJSON_IsNull(at(reply, "depth", NULL)));
    cJSON_Delete(reply);
}

static void timing_and_cost(void **state)
{
    (void)state;
    cJSON *reply = make();
    struct reply_timing timing = {.receive = 0.1, .queue = 1, .weights = 0.25, .total = 3, .process = 0.012, .cold = true};
    assert_true(reply_add_timing(reply, &result, &timing, 2048ULL << 20));
    assert_true(at(reply, "timing", "forward")->valuedouble == 1234.6);
    assert_true(at(reply, "timing", "total")->valuedouble == 3000);
    assert_true(at(reply, "timing", "process")->valuedouble == 12);
    assert_true(cJSON_IsTrue(at(reply, "timing", "cold_start")));
    /* Waiting for a slot is not what Lambda bills: it has one request at a time. */
    assert_true(at(reply, "cost", "seconds")->valuedouble == 2);
    assert_true(at(reply, "cost", "gb_seconds")->valuedouble == 4);
    assert_true(at(reply, "cost", "usd")->valuedouble > 4 * 0.0000133);
    cJSON_Delete(reply);
}

static void what_is_no_number_is_null(void **state)
{
    (void)state;
    result.curves[0].confidence = NAN;
    cJSON *reply = make();
    assert_true(cJSON_IsNull(at(cJSON_GetArrayItem(at(reply, "curves", NULL), 0), "confidence", NULL)));
    cJSON_Delete(reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(members, setup), cmocka_unit_test_setup(no_depth, setup),
        cmocka_unit_test_setup(timing_and_cost, setup), cmocka_unit_test_setup(what_is_no_number_is_null, setup)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Problem documents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "server/problem.h"

static void statuses(void **state)
{
    (void)state;
    static const struct { enum err_code code; unsigned status; } table[] = {
        {ERR_MALFORMED, 400}, {ERR_UNAUTHORIZED, 401}, {ERR_FORBIDDEN, 403}, {ERR_NOT_FOUND, 404}, {ERR_METHOD, 405},
        {ERR_CONFLICT, 409}, {ERR_GONE, 410}, {ERR_TOO_LARGE, 413}, {ERR_UNSUPPORTED, 415}, {ERR_INVALID, 422},
        {ERR_TOO_MANY, 429}, {ERR_CANCELLED, 499}, {ERR_INTERNAL, 500}, {ERR_STORE, 502}, {ERR_NO_MEMORY, 503},
        {ERR_UNAVAILABLE, 503}, {ERR_DEADLINE, 504}, {ERR_DISK_FULL, 507},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_int_equal(problem_status(table[i].code), table[i].status);
        assert_int_equal(problem_retry_after(table[i].code) > 0, table[i].status == 429 || table[i].status == 503);
    }
}

static const char *member(const cJSON *json, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
}

static void document(void **state)
{
    (void)state;
    struct err e = {0};
    err_field(&e, ERR_INVALID, "step", "The step \"%s\" is wrong.", "\x01<b>");
    char *text = problem_text(&e, "id-1");
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);
    assert_string_equal(member(json, "type"), "urn:curvelogd:problem:invalid");
    assert_true(strlen(member(json, "title")) > 3);
    assert_string_equal(member(json, "detail"), "The step \"\x01<b>\" is wrong.");
    assert_string_equal(member(json, "field"), "step");
    assert_string_equal(member(json, "instance"), "id-1");
    assert_true(cJSON_GetObjectItemCaseSensitive(json, "status")->valuedouble == 422);
    cJSON_Delete(json);
    free(text);
}

static void no_field(void **state)
{
    (void)state;
    struct err e = {0};
    err_set(&e, ERR_STORE, "x");
    char *text = problem_text(&e, "");
    assert_null(strstr(text, "\"field\""));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(statuses), cmocka_unit_test(document), cmocka_unit_test(no_field)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

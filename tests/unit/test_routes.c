/* The table of routes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "server/routes.h"

static enum err_code find(const char *method, const char *path, const char **label, const char **tail, char *allow)
{
    const struct route *route = NULL;
    struct err e = {0};
    enum err_code code = routes_find(method, path, &route, tail, allow, &e);
    *label = code ? "" : route->label;
    assert_int_equal(code, e.code);
    return code;
}

static void found(void **state)
{
    (void)state;
    static const char *const cases[][4] = {
        {"POST", "/digitize", "digitize", ""},       {"POST", "/uploads", "uploads", ""},
        {"PUT", "/uploads/a/b.tif", "upload", "a/b.tif"}, {"GET", "/results/i/f", "results", "i/f"},
        {"HEAD", "/results/i/f", "results", "i/f"},  {"GET", "/models", "models", ""},
        {"GET", "/healthz", "healthz", ""},          {"HEAD", "/readyz", "readyz", ""},
        {"GET", "/metrics", "metrics", ""},          {"GET", "/", "page", ""},
        {"GET", "/openapi.json", "page", "openapi.json"}, {"GET", "/digitizer", "page", "digitizer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *label, *tail;
        char allow[ROUTES_ALLOW_MAX];
        assert_int_equal(find(cases[i][0], cases[i][1], &label, &tail, allow), ERR_OK);
        assert_string_equal(label, cases[i][2]);
        assert_string_equal(tail, cases[i][3]);
    }
}

static void wrong_method(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"GET", "/digitize", "POST"}, {"DELETE", "/healthz", "GET, HEAD"}, {"GET", "/uploads", "POST"},
        {"GET", "/uploads/x", "PUT"}, {"POST", "/", "GET, HEAD"}, {"OPTIONS", "/digitize", "POST"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *label, *tail;
        char allow[ROUTES_ALLOW_MAX];
        assert_int_equal(find(cases[i][0], cases[i][1], &label, &tail, allow), ERR_METHOD);
        assert_string_equal(allow, cases[i][2]);
    }
}

static void unknown(void **state)
{
    (void)state;
    const char *label, *tail;
    char allow[ROUTES_ALLOW_MAX];
    assert_int_equal(find("GET", "no-slash", &label, &tail, allow), ERR_NOT_FOUND);
    assert_int_equal(find("GET", "", &label, &tail, allow), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(found), cmocka_unit_test(wrong_method), cmocka_unit_test(unknown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

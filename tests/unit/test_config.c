/* Settings: defaults, bounds, and a sentence for each bad value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "server/config.h"

/* The environment of a test: up to a few pairs. */
static const char *environment[8][2];

static const char *lookup(const char *name)
{
    for (size_t i = 0; i < 8; i++)
        if (environment[i][0] && strcmp(environment[i][0], name) == 0)
            return environment[i][1];
    return NULL;
}

static int reset(void **state)
{
    (void)state;
    memset(environment, 0, sizeof environment);
    return 0;
}

static void set(const char *name, const char *value)
{
    size_t i = 0;
    while (environment[i][0])
        i++;
    environment[i][0] = name;
    environment[i][1] = value;
}

static void defaults(void **state)
{
    (void)state;
    struct config config;
    struct err e = {0};
    assert_int_equal(config_load(&config, lookup, &e), ERR_OK);
    assert_int_equal(config.port, 8080);
    assert_string_equal(config.store, "dir:./data");
    assert_string_equal(config.model, "curvenet");
    assert_int_equal(config.preload, 0);
    assert_int_equal(config.threads, 0);
    assert_int_equal(config.drain_ms, 25000);
    assert_int_equal(config.log_level, 1);
    /* The tallest scan of an archive. */
    assert_true(config.max_pixels >= 208888LL * 3008);
    assert_true(config.idle_timeout_s > 4);
}

static void values(void **state)
{
    (void)state;
    struct config config;
    struct err e = {0};
    set("PORT", "65535");
    set("MAX_UPLOAD_MB", "4.4");
    set("PRELOAD", "1");
    set("STORE", "s3://bucket/prefix");
    set("LOG_LEVEL", "error");
    set("PUBLIC_URL", "https://logs.example.com//");
    set("MAX_QUEUE", "");
    assert_int_equal(config_load(&config, lookup, &e), ERR_OK);
    assert_int_equal(config.port, 65535);
    assert_true(config.max_upload_mb == 4.4);
    assert_int_equal(config.preload, 1);
    assert_string_equal(config.store, "s3://bucket/prefix");
    assert_int_equal(config.log_level, 3);
    assert_string_equal(config.public_url, "https://logs.example.com");
    assert_int_equal(config.max_queue, 16);
}

static void lambda_has_a_short_grace(void **state)
{
    (void)state;
    struct config config;
    struct err e = {0};
    set("AWS_LAMBDA_FUNCTION_NAME", "f");
    assert_int_equal(config_load(&config, lookup, &e), ERR_OK);
    assert_int_equal(config.drain_ms, 100);
    set("DRAIN_MS", "1000");
    assert_int_equal(config_load(&config, lookup, &e), ERR_OK);
    assert_int_equal(config.drain_ms, 1000);
}

static void bad_values(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"PORT", "65536"}, {"PORT", "-1"}, {"PORT", "80x"}, {"PORT", "0x50"}, {"PORT", "99999999999999999999"},
        {"MAX_UPLOAD_MB", "0"}, {"MAX_UPLOAD_MB", "inf"}, {"MAX_UPLOAD_MB", "nan"}, {"MAX_UPLOAD_MB", "1,5"},
        {"PRELOAD", "true"}, {"PRELOAD", "0|1"}, {"LOG_LEVEL", "inf"}, {"LOG_LEVEL", "infos"},
        {"STORE", "data"}, {"STORE", "dir:"}, {"STORE", "s3://"}, {"MODEL", "a/b"}, {"MODEL", ".x"}, {"MODEL", ""},
        {"PUBLIC_URL", "logs.example.com"}, {"TMP_DIR", "a\nb"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct config config;
        struct err e = {0};
        memset(environment, 0, sizeof environment);
        set(bad[i][0], bad[i][1]);
        assert_int_equal(config_load(&config, lookup, &e), ERR_INVALID);
        assert_string_equal(e.field, bad[i][0]);
        assert_non_null(strstr(e.text, bad[i][0]));
    }
}

static void table(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    config_print_table(out);
    fclose(out);
    assert_non_null(strstr(text, "  PORT "));
    assert_non_null(strstr(text, "dir:./data"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(defaults, reset),
        cmocka_unit_test_setup(values, reset),
        cmocka_unit_test_setup(lambda_has_a_short_grace, reset),
        cmocka_unit_test_setup(bad_values, reset),
        cmocka_unit_test(table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/events_message.h"
#include "server/events_scan.h"

static void keys_are_decoded(void **state)
{
    (void)state;
    static const struct { const char *encoded, *key; } cases[] = {
        {"uploads/a.tif", "uploads/a.tif"}, {"uploads/my+scan%2B1.tif", "uploads/my scan+1.tif"},
        {"uploads/%C3%A4%2f%25.tif", "uploads/\xc3\xa4/%.tif"}, {"", ""}};
    static const char *const wrong[] = {"%", "a%2", "a%g0", "a%00b", "%0g"};
    char key[EVENTS_KEY_MAX], longest[EVENTS_KEY_MAX + 2];
    struct err e = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(events_decode_key(cases[i].encoded, key, &e), ERR_OK);
        assert_string_equal(key, cases[i].key);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++, err_clear(&e))
        assert_int_equal(events_decode_key(wrong[i], key, &e), ERR_MALFORMED);
    memset(longest, 'a', sizeof longest);
    longest[EVENTS_KEY_MAX] = '\0';
    assert_int_equal(events_decode_key(longest, key, &e), ERR_MALFORMED);
    longest[EVENTS_KEY_MAX - 1] = '\0';
    err_clear(&e);
    assert_int_equal(events_decode_key(longest, key, &e), ERR_OK);
    assert_int_equal(strlen(key), EVENTS_KEY_MAX - 1);
}

static void created_objects_are_read(void **state)
{
    (void)state;
    static const char text[] =
        "{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"wells\"},"
        "\"object\":{\"key\":\"uploads/a+b.tif\",\"size\":5}}},"
        "{\"eventName\":\"ObjectRemoved:Delete\",\"s3\":{\"bucket\":{\"name\":\"wells\"},\"object\":{\"key\":\"x\"}}},"
        "{\"eventName\":\"s3:ObjectCreated:Post\",\"s3\":{\"bucket\":{\"name\":\"logs\"},\"object\":{\"key\":\"y.tif\"}}}]}";
    struct events_object *objects;
    size_t n;
    struct err e = {0};
    assert_int_equal(events_read_message(text, &objects, &n, &e), ERR_OK);
    assert_int_equal(n, 2);
    assert_string_equal(objects[0].bucket, "wells");
    assert_string_equal(objects[0].key, "uploads/a b.tif");
    assert_string_equal(objects[1].bucket, "logs");
    assert_string_equal(objects[1].key, "y.tif");
    free(objects);
}

static void test_messages_name_nothing(void **state)
{
    (void)state;
    struct events_object *objects;
    size_t n;
    struct err e = {0};
    assert_int_equal(events_read_message("{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\"}", &objects, &n, &e),
                     ERR_OK);
    assert_int_equal(n, 0);
    free(objects);
    assert_int_equal(events_read_message("{\"Records\":[]}", &objects, &n, &e), ERR_OK);
    assert_int_equal(n, 0);
    free(objects);
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "not JSON", "[]", "{}", "{\"Records\":5}", "{\"Records\":[{}]}", "{\"Records\":[5]}",
        "{\"Records\":[{\"eventName\":\"ObjectCreated:Put\"}]}",
        "{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":7}}}]}",
        "{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"%\"}}}]}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct events_object *objects;
        size_t n;
        struct err e = {0};
        assert_int_equal(events_read_message(wrong[i], &objects, &n, &e), ERR_MALFORMED);
        assert_null(objects);
        assert_int_equal(n, 0);
    }
}

static void only_tiffs_are_scans(void **state)
{
    (void)state;
    assert_true(events_scan_is_tiff("uploads/a.tif"));
    assert_true(events_scan_is_tiff("uploads/a.b.TIFF"));
    assert_false(events_scan_is_tiff("uploads/a.json"));
    assert_false(events_scan_is_tiff("uploads/tif"));
    assert_false(events_scan_is_tiff("uploads.tif/a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_decoded),
        cmocka_unit_test(created_objects_are_read),
        cmocka_unit_test(test_messages_name_nothing),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(only_tiffs_are_scans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

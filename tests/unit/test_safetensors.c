#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nn/safetensors.h"
#include "tests/unit/checkpoint_file.h"
#include "tests/unit/temp_dir.h"

static char dir[64], path[80];

static enum err_code read_file(const char *header, const void *data, size_t bytes, struct safetensors *st,
                               struct err *e)
{
    err_clear(e);
    safetensors_file_write(path, header, data, bytes);
    return safetensors_read(st, path, 2, NULL, e);
}

static void tensors_are_found_by_name(void **state)
{
    (void)state;
    const float data[] = { 1, 2, 3, 4, 5 };
    struct safetensors st;
    struct err e;
    assert_int_equal(read_file("{\"__metadata__\":{\"a\":\"b\"},"
                               "\"y\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[16,20]},"
                               "\"x\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}  ",
                               data, sizeof data, &st, &e), ERR_OK);
    assert_int_equal(st.count, 2);
    const struct safetensors_tensor *x = safetensors_find(&st, "x"), *y = safetensors_find(&st, "y");
    assert_true(x && x->rank == 2 && x->shape[0] == 2 && x->shape[1] == 2 && x->values[3] == 4);
    assert_true(y && y->rank == 0 && y->elements == 1 && y->values[0] == 5);
    assert_null(safetensors_find(&st, "z"));
    assert_string_equal(safetensors_metadata(&st, "a"), "b");
    assert_null(safetensors_metadata(&st, "c"));
    assert_int_equal((uintptr_t)st.data % 64, 0);
    safetensors_free(&st);
}

static void wrong_headers_are_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *header, *reason;
    } cases[] = {
        { "[]", "not a JSON object" },
        { "{\"x\":", "not a JSON object" },
        { "{}", "belong to no tensor" },
        { "{\"x\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,8]}}", "x is not of type F32" },
        { "{\"x\":{\"dtype\":\"F32\",\"shape\":[2,1,1,1,1],\"data_offsets\":[0,8]}}", "x has no shape" },
        { "{\"x\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", "x has an impossible shape" },
        { "{\"x\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,8]}}", "x has an impossible shape" },
        { "{\"x\":{\"dtype\":\"F32\",\"shape\":[9007199254740991,9007199254740991],\"data_offsets\":[0,8]}}",
          "x has an impossible shape" },
        { "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", "x has no pair" },
        { "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", "x has data offsets" },
        { "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}", "x has data offsets" },
        { "{\"x\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}", "x lies beyond" },
        { "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", "belong to no tensor" },
        { "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "belong to no tensor" },
        { "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
          "\"y\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "y overlaps" },
        { "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
          "\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "x is there twice" },
    };
    const float data[] = { 1, 2 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct safetensors st;
        struct err e;
        assert_int_equal(read_file(cases[i].header, data, sizeof data, &st, &e), ERR_UNAVAILABLE);
        if (!strstr(e.text, cases[i].reason))
            fail_msg("%s: %s", cases[i].header, e.text);
    }
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    const float data[] = { 1, 2 };
    struct safetensors st;
    struct err e;
    assert_int_equal(read_file("{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", data, sizeof data,
                               &st, &e), ERR_OK);
    long size = (long)st.file_bytes;
    safetensors_free(&st);
    for (long n = size - 1; n >= 0; n--) {
        assert_int_equal(truncate(path, n), 0);
        err_clear(&e);
        assert_int_equal(safetensors_read(&st, path, 1, NULL, &e), ERR_UNAVAILABLE);
    }
}

static void missing_files_and_folders_are_refused(void **state)
{
    (void)state;
    struct safetensors st;
    struct err e;
    err_clear(&e);
    assert_int_equal(safetensors_read(&st, "/nonexistent/x", 1, NULL, &e), ERR_UNAVAILABLE);
    assert_non_null(strstr(e.text, "cannot be opened"));
    err_clear(&e);
    assert_int_equal(safetensors_read(&st, dir, 1, NULL, &e), ERR_UNAVAILABLE);
    assert_non_null(strstr(e.text, "is not a file"));
}

struct pieces {
    const unsigned char *expected;
    size_t at;
};

static void check_piece(void *ctx, const unsigned char *bytes, size_t size)
{
    struct pieces *p = ctx;
    assert_memory_equal(bytes, p->expected + p->at, size);
    p->at += size;
}

static void large_data_come_in_order_for_any_number_of_threads(void **state)
{
    (void)state;
    size_t elements = (33u << 20) / 4, bytes = elements * 4;
    float *data = malloc(bytes);
    assert_non_null(data);
    for (size_t i = 0; i < elements; i++)
        data[i] = (float)i;
    char header[128];
    /* The header is padded as the exporter pads it, and one byte less. */
    for (int pad = 119; pad <= 120; pad++)
        for (int threads = 1; threads <= 5; threads += 2) {
            char x[100];
            snprintf(x, sizeof x, "{\"x\":{\"dtype\":\"F32\",\"shape\":[%zu],\"data_offsets\":[0,%zu]}}", elements, bytes);
            snprintf(header, sizeof header, "%-*s", pad, x);
            safetensors_file_write(path, header, data, bytes);
            struct pieces p = { .expected = (const unsigned char *)data };
            struct safetensors st;
            struct err e;
            err_clear(&e);
            const struct pread_work work = { .in_order = check_piece, .ctx = &p };
            assert_int_equal(safetensors_read(&st, path, threads, &work, &e), ERR_OK);
            assert_int_equal(p.at, bytes);
            assert_memory_equal(st.data, data, bytes);
            assert_int_equal((uintptr_t)st.data % 64, 0);
            safetensors_free(&st);
        }
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_are_found_by_name),
        cmocka_unit_test(wrong_headers_are_refused_with_a_reason),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(missing_files_and_folders_are_refused),
        cmocka_unit_test(large_data_come_in_order_for_any_number_of_threads),
    };
    temp_dir_make(dir);
    snprintf(path, sizeof path, "%s/x.safetensors", dir);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_remove(dir);
    return failed;
}

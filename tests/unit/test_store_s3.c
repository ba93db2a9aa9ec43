/* The S3 store against a server that answers by script.  tests/s3 has it against a real one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "server/store_s3.h"
#include "tests/unit/fake_server.h"
#include "tests/unit/temp_dir.h"

static char folder[64], target[80];   /* where fetches go to */

static void set_keys(void)
{
    setenv("AWS_ACCESS_KEY_ID", "AKIATEST", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    setenv("AWS_SESSION_TOKEN", "tok/en==", 1);
}

static int set_up(void **state)
{
    (void)state;
    temp_dir_make(folder);
    snprintf(target, sizeof target, "%s/scan.tif", folder);
    set_keys();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_dir_remove(folder);
    return 0;
}

static struct store *open_at(int port)
{
    char endpoint[64];
    struct err e = {0};
    struct store *store;
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", port);
    struct store_s3_config config = {.url = "s3://bucket/pre/fix", .endpoint = endpoint, .public_endpoint = "",
                                     .region = "", .tmp_dir = "/tmp", .result_url_s = 600, .upload_url_s = 900};
    assert_int_equal(store_s3_open(&store, &config, &e), ERR_OK);
    return store;
}

static void stage_files(struct store *store, char path[STORE_PATH_MAX], const char *const *names)
{
    struct err e = {0};
    assert_int_equal(store->vtable->stage(store, "id1", path, &e), ERR_OK);
    for (; *names; names++) {
        char file[STORE_PATH_MAX + 64];
        snprintf(file, sizeof file, "%s/%s", path, *names);
        FILE *out = fopen(file, "w");
        assert_non_null(out);
        fputs(*names, out);
        fclose(out);
    }
}

static const char *const FILES[] = {"result.json", "curves.csv", "overlay.png", NULL};

static void publishes_with_the_announcement_last(void **state)
{
    (void)state;
    char path[STORE_PATH_MAX];
    struct stat st;
    struct err e = {0};
    struct fake_server *server = fake_start(&(struct fake_answer){200, NULL, "", 0, 0}, 1);
    struct store *store = open_at(server->port);
    stage_files(store, path, FILES);
    assert_int_equal(store->vtable->publish(store, "id1", path, NULL, &e), ERR_OK);
    assert_int_equal(server->served, 3);
    assert_ptr_equal(strstr(server->requests[2], "PUT /bucket/pre/fix/results/id1/result.json HTTP/1.1\r\n"),
                     server->requests[2]);
    assert_non_null(strstr(server->requests[2], "Content-Type: application/json\r\n"));
    assert_non_null(strstr(server->requests[2], "X-Amz-Security-Token: tok/en==\r\n"));
    assert_non_null(strstr(server->requests[2], "\r\n\r\nresult.json"));
    assert_null(strstr(server->requests[2], "Expect:"));
    assert_int_equal(stat(path, &st), -1);
    store->vtable->free(store);
    fake_stop(server);
}

static void retries_what_may_pass(void **state)
{
    (void)state;
    char path[STORE_PATH_MAX];
    struct err e = {0};
    const struct fake_answer script[] = {
        {503, NULL, "<Error><Code>SlowDown</Code></Error>", 0, 0}, {0, NULL, "", 0, 1},
        {500, NULL, "<Error><Code>InternalError</Code></Error>", 0, 0},
        {400, NULL, "<Error><Code>RequestTimeout</Code></Error>", 0, 0}, {200, NULL, "", 0, 0}};
    struct fake_server *server = fake_start(script, 5);
    struct store *store = open_at(server->port);
    stage_files(store, path, (const char *const[]){"result.json", NULL});
    assert_int_equal(store->vtable->publish(store, "id1", path, NULL, &e), ERR_OK);
    assert_int_equal(server->served, 5);
    assert_non_null(strstr(server->requests[4], "\r\n\r\nresult.json"));
    store->vtable->free(store);
    fake_stop(server);
}

static void announces_nothing_after_a_failure(void **state)
{
    (void)state;
    char path[STORE_PATH_MAX];
    struct err e = {0};
    struct fake_server *server =
        fake_start(&(struct fake_answer){403, NULL, "<Error><Code>AccessDenied</Code></Error>", 0, 0}, 1);
    struct store *store = open_at(server->port);
    stage_files(store, path, FILES);
    assert_int_equal(store->vtable->publish(store, "id1", path, NULL, &e), ERR_STORE);
    assert_non_null(strstr(e.text, "refuses access to bucket \"bucket\" (AccessDenied)"));
    assert_int_equal(server->served, 1);
    assert_null(strstr(server->requests[0], "result.json HTTP"));
    store->vtable->discard(store, path);
    struct stat st;
    assert_int_equal(stat(path, &st), -1);
    store->vtable->free(store);
    fake_stop(server);
}

static void says_what_the_store_said(void **state)
{
    (void)state;
    static const struct { struct fake_answer answer; enum err_code code; const char *text; } cases[] = {
        {{404, NULL, "<Error><Code>NoSuchBucket</Code></Error>", 0, 0}, ERR_STORE, "no bucket \"bucket\""},
        {{403, NULL, "<Error><Code>InvalidAccessKeyId</Code></Error>", 0, 0}, ERR_STORE, "access key"},
        {{403, NULL, "<Error><Code>SignatureDoesNotMatch</Code></Error>", 0, 0}, ERR_STORE, "access key"},
        {{403, "Date: Thu, 01 Jan 2015 00:00:00 GMT\r\n", "<Error><Code>RequestTimeTooSkewed</Code></Error>", 0, 0},
         ERR_STORE, "ahead of the store's"},
        {{301, "x-amz-bucket-region: eu-west-1\r\n", "<Error><Code>PermanentRedirect</Code></Error>", 0, 0}, ERR_STORE,
         "another region, eu-west-1: set AWS_REGION"},
        {{400, NULL, "<Error><Code>ExpiredToken</Code></Error>", 0, 0}, ERR_STORE, "expired"},
        {{404, NULL, "<Error><Code>NoSuchKey</Code></Error>", 0, 0}, ERR_NOT_FOUND, "No scan has been uploaded"},
        {{418, NULL, "", 0, 0}, ERR_STORE, "answered 418"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};
        struct stat st;
        struct fake_server *server = fake_start(&cases[i].answer, 1);
        struct store *store = open_at(server->port);
        assert_int_equal(store->vtable->fetch(store, "uploads/a.tif", target, 100, NULL, &e), cases[i].code);
        assert_int_equal(e.code, cases[i].code);
        assert_non_null(strstr(e.text, cases[i].text));
        assert_int_equal(stat(target, &st), -1);
        store->vtable->free(store);
        fake_stop(server);
    }
}

static void fetches_to_a_file(void **state)
{
    (void)state;
    char text[16] = "";
    struct stat st;
    struct err e = {0};
    const struct fake_answer script[] = {{200, NULL, "0123456789", 0, 5}, {200, NULL, "abcdef", 0, 0}};
    struct fake_server *server = fake_start(script, 2);
    struct store *store = open_at(server->port);
    assert_int_equal(store->vtable->fetch(store, "uploads/x/a +b.tif", target, 10, NULL, &e), ERR_OK);
    assert_ptr_equal(strstr(server->requests[0], "GET /bucket/pre/fix/uploads/x/a%20%2Bb.tif HTTP"),
                     server->requests[0]);
    FILE *file = fopen(target, "r");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, 16, file), 6);
    assert_memory_equal(text, "abcdef", 6);
    fclose(file);
    assert_int_equal(stat(target, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    unlink(target);
    assert_int_equal(store->vtable->fetch(store, "uploads/a.tif", target, 5, NULL, &e), ERR_TOO_LARGE);
    assert_int_equal(stat(target, &st), -1);
    store->vtable->free(store);
    fake_stop(server);
}

static void keys_stay_under_the_uploads(void **state)
{
    (void)state;
    static const char *const foreign[] = {"results/id1/curves.csv", "/uploads/a", "uploads/../results/id1/x",
                                          "uploads//a", "uploads/./a", "uploads/", "uploads/a/", "uploads/a/..", "",
                                          "uploads", "../uploads/a"};
    struct store *store = open_at(1);
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        struct err e = {0};
        assert_int_equal(store->vtable->fetch(store, foreign[i], target, 1, NULL, &e), ERR_FORBIDDEN);
        assert_string_equal(e.field, "key");
    }
    struct err e = {0};
    assert_int_equal(store->vtable->fetch(store, "uploads/a\nb", target, 1, NULL, &e), ERR_INVALID);
    assert_string_equal(store_s3_relative_key(store, "bucket", "pre/fix/uploads/a"), "uploads/a");
    assert_null(store_s3_relative_key(store, "other", "pre/fix/uploads/a"));
    assert_null(store_s3_relative_key(store, "bucket", "elsewhere/uploads/a"));
    store->vtable->free(store);
}

static void expired_uploads_are_told_apart(void **state)
{
    (void)state;
    struct err e = {0};
    struct fake_server *server =
        fake_start(&(struct fake_answer){404, NULL, "<Error><Code>NoSuchKey</Code></Error>", 0, 0}, 1);
    struct store *store = open_at(server->port);
    struct store_upload upload;
    assert_int_equal(store->vtable->upload(store, "../my scan.tif", &upload, &e), ERR_OK);
    assert_ptr_equal(strstr(upload.key, "uploads/"), upload.key);
    assert_string_equal(strrchr(upload.key, '/'), "/my-scan.tif");
    assert_true(upload.expires >= (long long)time(NULL) + 890);
    assert_non_null(strstr(upload.url, "X-Amz-Expires=900"));
    assert_non_null(strstr(upload.url, "X-Amz-Security-Token=tok%2Fen%3D%3D"));
    assert_int_equal(store->vtable->fetch(store, upload.key, target, 1, NULL, &e), ERR_NOT_FOUND);
    err_clear(&e);
    assert_int_equal(store->vtable->fetch(store, "uploads/1500000000-ab/a.tif", target, 1, NULL, &e), ERR_GONE);
    store->vtable->free(store);
    fake_stop(server);
}

/* A URL dies with the credentials that signed it, and says so, whatever the settings say. */
static void urls_live_no_longer_than_the_credentials(void **state)
{
    (void)state;
    char body[256], uri[64], when[32], url[STORE_URL_MAX];
    time_t end = time(NULL) + 300;
    struct tm tm;
    struct store_upload upload;
    struct err e = {0};
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&end, &tm));
    snprintf(body, sizeof body,
             "{\"AccessKeyId\":\"AKIA\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"%s\"}", when);
    struct fake_server *endpoint = fake_start(&(struct fake_answer){200, NULL, body, 0, 0}, 1);
    snprintf(uri, sizeof uri, "http://127.0.0.1:%d/role", endpoint->port);
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri, 1);
    struct store *store = open_at(9);
    assert_int_equal(store->vtable->upload(store, "a.tif", &upload, &e), ERR_OK);
    assert_in_range(upload.expires, end - 5, end);
    assert_in_range(atoi(strstr(upload.url, "X-Amz-Expires=") + 14), 290, 300);
    assert_int_equal(atoll(upload.key + 8), upload.expires);
    assert_int_equal(store->vtable->url(store, "id1", "mask.png", url, &e), ERR_OK);
    assert_in_range(atoi(strstr(url, "X-Amz-Expires=") + 14), 290, 300);
    store->vtable->free(store);
    fake_stop(endpoint);
    unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    set_keys();
    store = open_at(9);
    assert_int_equal(store->vtable->url(store, "id1", "mask.png", url, &e), ERR_OK);
    assert_non_null(strstr(url, "X-Amz-Expires=600&"));
    store->vtable->free(store);
}

static void a_silent_store_is_given_up_at_the_deadline(void **state)
{
    (void)state;
    char path[STORE_PATH_MAX];
    struct err e = {0};
    struct fake_server *server = fake_start(&(struct fake_answer){200, NULL, "", 1500, 1}, 1);
    struct store *store = open_at(server->port);
    stage_files(store, path, FILES);
    int64_t start = job_now_ns();
    struct job job = {.deadline_ns = start + 700000000};
    assert_int_equal(store->vtable->publish(store, "id1", path, &job, &e), ERR_DEADLINE);
    assert_true(job_now_ns() - start < 1200000000);
    store->vtable->discard(store, path);
    store->vtable->free(store);
    fake_stop(server);
}

static void an_absent_store_is_told(void **state)
{
    (void)state;
    struct err e = {0};
    struct store *store = open_at(1);
    assert_int_equal(store->vtable->probe(store, &e), ERR_STORE);
    assert_non_null(strstr(e.text, "127.0.0.1:1 does not answer"));
    err_clear(&e);
    assert_int_equal(store->vtable->probe(store, &e), ERR_STORE);
    store->vtable->free(store);
}

static void wrong_settings_are_refused(void **state)
{
    (void)state;
    static const struct { const char *url, *endpoint, *region, *text; } cases[] = {
        {"s3://ab", "", "", "3 to 63"}, {"s3://Bucket/x", "", "", "3 to 63"}, {"s3://bucket/a//b", "", "", "empty"},
        {"s3://bucket/a/../b", "", "", "dotted"}, {"file://x", "", "", "s3://"},
        {"s3://bucket/a", "ftp://x", "", "http"}, {"s3://bucket/a", "http://x/path", "", "no path"},
        {"s3://bucket/a", "http://u@x", "", "no path"}, {"s3://bucket/a", "", "eu west", "region"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};
        struct store *store;
        struct store_s3_config c = {.url = cases[i].url, .endpoint = cases[i].endpoint, .public_endpoint = "",
                                    .region = cases[i].region, .tmp_dir = "/tmp"};
        assert_int_equal(store_s3_open(&store, &c, &e), ERR_INVALID);
        assert_non_null(strstr(e.text, cases[i].text));
    }
}

static void addresses_have_both_styles(void **state)
{
    (void)state;
    static const struct { const char *endpoint, *bucket, *region; bool virtual_host; const char *base, *host, *path; } c[] = {
        {"", "wells", "eu-west-1", false, "https://wells.s3.eu-west-1.amazonaws.com", "wells.s3.eu-west-1.amazonaws.com",
         ""},
        {"", "my.wells", "us-east-1", false, "https://s3.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com",
         "/my.wells"},
        {"", "wells", "cn-north-1", false, "https://wells.s3.cn-north-1.amazonaws.com.cn",
         "wells.s3.cn-north-1.amazonaws.com.cn", ""},
        {"http://localhost:9000/", "wells", "x", false, "http://localhost:9000", "localhost:9000", "/wells"},
        {"https://s3.example.com:443", "wells", "x", false, "https://s3.example.com", "s3.example.com", "/wells"},
        {"http://[::1]:9000", "wells", "x", false, "http://[::1]:9000", "[::1]:9000", "/wells"},
        {"https://s3.example.com", "wells", "x", true, "https://wells.s3.example.com", "wells.s3.example.com", ""}};
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        struct err e = {0};
        struct s3_address a;
        assert_int_equal(s3_address_make(&a, c[i].endpoint, c[i].bucket, c[i].region, c[i].virtual_host, &e), ERR_OK);
        assert_string_equal(a.base, c[i].base);
        assert_string_equal(a.host, c[i].host);
        assert_string_equal(a.path, c[i].path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(publishes_with_the_announcement_last),
        cmocka_unit_test(retries_what_may_pass),
        cmocka_unit_test(announces_nothing_after_a_failure),
        cmocka_unit_test(says_what_the_store_said),
        cmocka_unit_test(fetches_to_a_file),
        cmocka_unit_test(keys_stay_under_the_uploads),
        cmocka_unit_test(expired_uploads_are_told_apart),
        cmocka_unit_test(urls_live_no_longer_than_the_credentials),
        cmocka_unit_test(a_silent_store_is_given_up_at_the_deadline),
        cmocka_unit_test(an_absent_store_is_told),
        cmocka_unit_test(wrong_settings_are_refused),
        cmocka_unit_test(addresses_have_both_styles),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

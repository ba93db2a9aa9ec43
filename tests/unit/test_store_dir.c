/* The folder store: results all or nothing, uploads by signed addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "server/store_dir.h"
#include "tests/unit/temp_dir.h"

static char root[64];

static struct store *open_store(int upload_url_s)
{
    struct store *store;
    struct err e = {0};
    assert_int_equal(store_dir_open(&store, root, "", upload_url_s, &e), ERR_OK);
    return store;
}

static void close_store(struct store *store)
{
    store->vtable->free(store);
}

static void publish(struct store *store, const char *id, const char *text)
{
    char staged[STORE_PATH_MAX];
    struct err e = {0};
    assert_int_equal(store->vtable->stage(store, id, staged, &e), ERR_OK);
    temp_dir_write(staged, "curves.csv", text);
    assert_int_equal(store->vtable->publish(store, id, staged, NULL, &e), ERR_OK);
    assert_int_not_equal(access(staged, F_OK), 0);
}

static void check(struct store *store, const char *id, const char *text)
{
    char got[256] = "";
    struct err e = {0};
    int fd;
    assert_int_equal(store->vtable->open(store, id, "curves.csv", &fd, &e), ERR_OK);
    assert_true(read(fd, got, sizeof got - 1) >= 0);
    close(fd);
    assert_string_equal(got, text);
}

static void results(void **state)
{
    (void)state;
    struct store *store = open_store(60);
    struct err e = {0};
    char url[STORE_URL_MAX];
    int fd;
    assert_true(store_is_dir(store));
    assert_int_equal(store->vtable->open(store, "r1", "curves.csv", &fd, &e), ERR_NOT_FOUND);
    publish(store, "r1", "one");
    check(store, "r1", "one");
    publish(store, "r1", "two");
    check(store, "r1", "two");
    publish(store, "r2", "other");
    check(store, "r1", "two");
    err_clear(&e);
    assert_int_equal(store->vtable->url(store, "r1", "curves.csv", url, &e), ERR_OK);
    assert_string_equal(url, "/results/r1/curves.csv");
    assert_int_equal(store->vtable->probe(store, &e), ERR_OK);
    close_store(store);
}

static void staged_results_are_not_visible(void **state)
{
    (void)state;
    struct store *store = open_store(60);
    struct err e = {0};
    struct job job = {.deadline_ns = 1};
    char staged[STORE_PATH_MAX];
    int fd;
    assert_int_equal(store->vtable->stage(store, "r3", staged, &e), ERR_OK);
    temp_dir_write(staged, "curves.csv", "half");
    assert_int_equal(store->vtable->open(store, "r3", "curves.csv", &fd, &e), ERR_NOT_FOUND);
    err_clear(&e);
    assert_int_equal(store->vtable->publish(store, "r3", staged, &job, &e), ERR_DEADLINE);
    err_clear(&e);
    assert_int_equal(store->vtable->open(store, "r3", "curves.csv", &fd, &e), ERR_NOT_FOUND);
    store->vtable->discard(store, staged);
    assert_int_not_equal(access(staged, F_OK), 0);
    close_store(store);
}

static void unsafe_names(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "..", ".secret", "a/b", "../x"};
    struct store *store = open_store(60);
    char path[STORE_PATH_MAX], url[STORE_URL_MAX];
    int fd;
    publish(store, "r4", "x");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err e = {0};
        assert_int_equal(store->vtable->open(store, bad[i], "curves.csv", &fd, &e), ERR_NOT_FOUND);
        assert_int_equal(store->vtable->open(store, "r4", bad[i], &fd, &e), ERR_NOT_FOUND);
        err_clear(&e);
        assert_int_equal(store->vtable->stage(store, bad[i], path, &e), ERR_INTERNAL);
        err_clear(&e);
        assert_int_equal(store->vtable->url(store, bad[i], "x", url, &e), ERR_INTERNAL);
    }
    close_store(store);
}

/* What a process that was killed left two days ago is removed, what is in work now is not. */
static void leftovers(void **state)
{
    (void)state;
    struct store *store = open_store(60);
    struct err e = {0};
    char old[STORE_PATH_MAX], fresh[STORE_PATH_MAX], more[STORE_PATH_MAX];
    assert_int_equal(store->vtable->stage(store, "old", old, &e), ERR_OK);
    temp_dir_write(old, "curves.csv", "x");
    struct timespec times[2] = {{.tv_sec = time(NULL) - 3 * 86400}, {.tv_sec = time(NULL) - 3 * 86400}};
    assert_int_equal(utimensat(AT_FDCWD, old, times, 0), 0);
    assert_int_equal(store->vtable->stage(store, "fresh", fresh, &e), ERR_OK);
    assert_int_equal(store->vtable->stage(store, "more", more, &e), ERR_OK);
    assert_int_not_equal(access(old, F_OK), 0);
    assert_int_equal(access(fresh, F_OK), 0);
    store->vtable->discard(store, fresh);
    store->vtable->discard(store, more);
    close_store(store);
}

/* Splits the URL that `upload` gave into what a PUT brings. */
static void split(const struct store_upload *upload, char expires[32], char signature[80])
{
    assert_int_equal(sscanf(strchr(upload->url, '?'), "?expires=%31[0-9]&sig=%79[0-9a-f]", expires, signature), 2);
}

static void upload_and_fetch(void **state)
{
    (void)state;
    struct store *store = open_store(60);
    struct err e = {0};
    struct store_upload upload;
    struct store_dir_upload *in;
    char expires[32], signature[80], to[128], key[STORE_KEY_MAX + 1];
    assert_int_equal(store->vtable->upload(store, "../../My scan\\no 7.TIFF", &upload, &e), ERR_OK);
    assert_non_null(strstr(upload.key, "/no_7.tif"));
    assert_true(upload.expires >= time(NULL) + 59);
    snprintf(key, sizeof key, "/%s", upload.key);
    assert_memory_equal(upload.url, key, strlen(key));
    split(&upload, expires, signature);

    snprintf(to, sizeof to, "%s/fetched", root);
    assert_int_equal(store->vtable->fetch(store, upload.key, to, 100, NULL, &e), ERR_NOT_FOUND);
    assert_string_equal(e.field, "key");
    err_clear(&e);
    assert_int_equal(store_dir_upload_begin(&in, store, upload.key, expires, signature, &e), ERR_OK);
    assert_int_equal(store_dir_upload_write(in, "scan", 4, &e), ERR_OK);
    assert_int_equal(store->vtable->fetch(store, upload.key, to, 100, NULL, &e), ERR_NOT_FOUND);
    err_clear(&e);
    assert_int_equal(store_dir_upload_end(in, &e), ERR_OK);
    store_dir_upload_free(in);

    assert_int_equal(store->vtable->fetch(store, upload.key, to, 3, NULL, &e), ERR_TOO_LARGE);
    err_clear(&e);
    assert_int_equal(store->vtable->fetch(store, upload.key, to, 4, NULL, &e), ERR_OK);
    char *text = temp_dir_read(root, "fetched");
    assert_string_equal(text, "scan");
    free(text);
    struct stat info;
    assert_int_equal(stat(to, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    unlink(to);
    close_store(store);
}

static void forged_addresses(void **state)
{
    (void)state;
    struct store *store = open_store(60);
    struct err e = {0};
    struct store_upload upload;
    struct store_dir_upload *in;
    char expires[32], signature[80], other[STORE_KEY_MAX];
    assert_int_equal(store->vtable->upload(store, "well.tif", &upload, &e), ERR_OK);
    split(&upload, expires, signature);
    snprintf(other, sizeof other, "%.*s2.tif", (int)strlen(upload.key) - 4, upload.key);
    const struct { const char *key, *expires, *signature; enum err_code code; } cases[] = {
        {other, expires, signature, ERR_FORBIDDEN},
        {upload.key, "9999999999", signature, ERR_FORBIDDEN},
        {upload.key, "-1", signature, ERR_FORBIDDEN},
        {upload.key, NULL, signature, ERR_FORBIDDEN},
        {upload.key, expires, NULL, ERR_FORBIDDEN},
        {upload.key, expires, "", ERR_FORBIDDEN},
        {"uploads/../.secret", expires, signature, ERR_NOT_FOUND},
        {"uploads/00000000000000000000000000000000/../x.tif", expires, signature, ERR_NOT_FOUND},
        {"results/r1/curves.csv", expires, signature, ERR_NOT_FOUND},
        {"", expires, signature, ERR_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        err_clear(&e);
        assert_int_equal(store_dir_upload_begin(&in, store, cases[i].key, cases[i].expires, cases[i].signature, &e),
                         cases[i].code);
    }
    close_store(store);
}

static void expired_address(void **state)
{
    (void)state;
    struct store *store = open_store(-1);
    struct err e = {0};
    struct store_upload upload;
    struct store_dir_upload *in;
    char expires[32], signature[80];
    assert_int_equal(store->vtable->upload(store, "", &upload, &e), ERR_OK);
    split(&upload, expires, signature);
    assert_int_equal(store_dir_upload_begin(&in, store, upload.key, expires, signature, &e), ERR_GONE);
    close_store(store);
}

static void addresses_outlive_the_process(void **state)
{
    (void)state;
    struct store *first = open_store(60), *second;
    struct err e = {0};
    struct store_upload upload;
    struct store_dir_upload *in;
    char expires[32], signature[80];
    assert_int_equal(first->vtable->upload(first, "a", &upload, &e), ERR_OK);
    close_store(first);
    second = open_store(60);
    split(&upload, expires, signature);
    assert_int_equal(store_dir_upload_begin(&in, second, upload.key, expires, signature, &e), ERR_OK);
    store_dir_upload_free(in);
    close_store(second);
}

static void foreign_keys(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "/etc/passwd", "uploads/", "uploads/x", "../.secret", "uploads/../.secret",
                                      "uploads/0123456789abcdef0123456789abcdeg/a.tif",
                                      "uploads/0123456789abcdef0123456789abcdef/.a",
                                      "uploads/0123456789abcdef0123456789abcdef/a/b"};
    struct store *store = open_store(60);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err e = {0};
        assert_int_equal(store->vtable->fetch(store, bad[i], "/tmp/never", 100, NULL, &e), ERR_FORBIDDEN);
    }
    close_store(store);
}

static void unwritable(void **state)
{
    (void)state;
    struct store *store;
    struct err e = {0};
    char path[STORE_PATH_MAX], under[128];
    temp_dir_write(root, "file", "x");
    snprintf(under, sizeof under, "%s/file/store", root);
    assert_int_equal(store_dir_open(&store, under, "", 60, &e), ERR_OK);
    assert_int_equal(store->vtable->probe(store, &e), ERR_STORE);
    err_clear(&e);
    assert_int_equal(store->vtable->stage(store, "r", path, &e), ERR_STORE);
    close_store(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results),          cmocka_unit_test(staged_results_are_not_visible),
        cmocka_unit_test(unsafe_names),     cmocka_unit_test(leftovers),
        cmocka_unit_test(upload_and_fetch), cmocka_unit_test(forged_addresses),
        cmocka_unit_test(expired_address),  cmocka_unit_test(addresses_outlive_the_process),
        cmocka_unit_test(foreign_keys),     cmocka_unit_test(unwritable),
    };
    temp_dir_make(root);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_remove(root);
    return failed;
}

/* The folder of previews: whose it is, what is removed and what stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server/preview_cache.h"

static char tmp[] = "/tmp/test-preview-cache-XXXXXX";
static char root[PREVIEW_PATH_MAX];

static int make(void **state)
{
    (void)state;
    struct err e = {0};
    return mkdtemp(tmp) && preview_cache_open(root, tmp, &e) == ERR_OK ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", tmp);
    return system(command);
}

/* A file of so many bytes, or a folder that holds one, last used so long ago. */
static void put(const char *name, int bytes, bool folder, int age_s)
{
    char path[PREVIEW_PATH_MAX + 64], file[PREVIEW_PATH_MAX + 80], block[4096];
    memset(block, 'x', sizeof block);
    snprintf(path, sizeof path, "%s/%s", root, name);
    snprintf(file, sizeof file, "%s%s", path, folder ? "/0" : "");
    if (folder)
        assert_int_equal(mkdir(path, 0700), 0);
    FILE *out = fopen(file, "wb");
    assert_non_null(out);
    for (; bytes > 0; bytes -= (int)sizeof block)
        assert_int_equal(fwrite(block, sizeof block, 1, out), 1);
    assert_int_equal(fclose(out), 0);
    struct timespec used = {.tv_sec = time(NULL) - age_s}, times[2] = {used, used};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static bool there(const char *name)
{
    char path[PREVIEW_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return access(path, F_OK) == 0;
}

static void age_bounds_it(void **state)
{
    (void)state;
    put("old", 4096, true, 100);
    put("old.png", 4096, false, 100);
    put("new", 4096, true, 10);
    preview_cache_prune(root, 1 << 30, 50, "none");
    assert_false(there("old"));
    assert_false(there("old.png"));
    assert_true(there("new"));
    preview_cache_prune(root, 0, 50, "none");
    assert_false(there("new"));
}

static void size_bounds_it(void **state)
{
    (void)state;
    put("a", 65536, true, 30);
    put("b", 65536, true, 20);
    put("c", 65536, true, 10);
    preview_cache_prune(root, 160000, 1000, "none");
    assert_false(there("a"));
    assert_true(there("b") && there("c"));
    preview_cache_prune(root, 1000, 1000, "b");
    assert_true(there("b"));
    assert_false(there("c"));
    preview_cache_prune(root, 0, 1000, "none");
}

static void use_keeps_it(void **state)
{
    (void)state;
    char path[PREVIEW_PATH_MAX + 64];
    put("a", 4096, true, 100);
    snprintf(path, sizeof path, "%s/a", root);
    preview_cache_touch(path);
    preview_cache_prune(root, 1 << 30, 50, "none");
    assert_true(there("a"));
}

static void folder_is_its_own(void **state)
{
    (void)state;
    char other[64], path[PREVIEW_PATH_MAX], link_path[PREVIEW_PATH_MAX];
    struct err e = {0};
    struct stat info;
    assert_int_equal(stat(root, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    snprintf(other, sizeof other, "%s/other", tmp);
    assert_int_equal(mkdir(other, 0700), 0);
    snprintf(link_path, sizeof link_path, "%s/curvelogd-previews-%d", other, (int)geteuid());
    assert_int_equal(symlink("/tmp", link_path), 0);
    assert_int_equal(preview_cache_open(path, other, &e), ERR_INTERNAL);
    err_clear(&e);
    assert_int_not_equal(preview_cache_open(path, "/no/such/folder", &e), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(age_bounds_it),
        cmocka_unit_test(size_bounds_it),
        cmocka_unit_test(use_keeps_it),
        cmocka_unit_test(folder_is_its_own),
    };
    return cmocka_run_group_tests(tests, make, drop);
}

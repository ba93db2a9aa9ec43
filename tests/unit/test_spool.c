/* Nameless files for request bodies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "server/spool.h"
#include "tests/unit/temp_dir.h"

static char dir[64];

static int files_in(const char *path)
{
    char command[128];
    snprintf(command, sizeof command, "test -z \"$(ls -A %s)\"", path);
    return system(command) != 0;
}

static void write_and_read_by_path(void **state)
{
    (void)state;
    struct spool spool;
    struct err e = {0};
    char back[16] = "";
    assert_int_equal(spool_open(&spool, dir, &e), ERR_OK);
    assert_int_equal(spool_write(&spool, "hello ", 6, &e), ERR_OK);
    assert_int_equal(spool_write(&spool, "world", 5, &e), ERR_OK);
    assert_true(spool.size == 11);
    assert_false(files_in(dir));
    int fd = open(spool.path, O_RDONLY);
    assert_int_equal(read(fd, back, sizeof back), 11);
    assert_string_equal(back, "hello world");
    close(fd);
    spool_close(&spool);
    assert_int_equal(spool.fd, -1);
    spool_close(&spool);
}

static void adopt(void **state)
{
    (void)state;
    struct spool spool;
    struct err e = {0};
    char path[256];
    assert_int_equal(spool_name(dir, path, sizeof path, &e), ERR_OK);
    temp_dir_write(dir, path + strlen(dir) + 1, "fetched");
    assert_int_equal(spool_adopt(&spool, path, &e), ERR_OK);
    assert_true(spool.size == 7);
    assert_false(files_in(dir));
    spool_close(&spool);
    assert_int_equal(spool_adopt(&spool, path, &e), ERR_INTERNAL);
    assert_int_equal(spool.fd, -1);
}

static void no_folder(void **state)
{
    (void)state;
    struct spool spool;
    struct err e = {0};
    char path[20];
    assert_int_equal(spool_open(&spool, "/nonexistent", &e), ERR_INTERNAL);
    err_clear(&e);
    assert_int_equal(spool_name(dir, path, sizeof path, &e), ERR_INTERNAL);
}

static void full_disk(void **state)
{
    (void)state;
    struct spool spool;
    struct err e = {0};
    struct rlimit before, small = {10, RLIM_INFINITY};
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(spool_open(&spool, dir, &e), ERR_OK);
    setrlimit(RLIMIT_FSIZE, &small);
    enum err_code code = spool_write(&spool, "0123456789abcdef", 16, &e);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(code, ERR_DISK_FULL);
    spool_close(&spool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(write_and_read_by_path), cmocka_unit_test(adopt),
                                       cmocka_unit_test(no_folder), cmocka_unit_test(full_disk)};
    temp_dir_make(dir);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_remove(dir);
    return failed;
}

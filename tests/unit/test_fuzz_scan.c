/* Replays the scan fuzzer's corpus: seeds are read, what once crashed is refused with a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz_scan.c"

#define CORPUS "tests/fuzz/corpus/scan"

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(1 << 20);
    assert_non_null(file);
    assert_non_null(bytes);
    *size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static void replays(void **state)
{
    (void)state;
    int files = 0, readable = 0;
    DIR *folder = opendir(CORPUS);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        char path[PATH_MAX];
        size_t size = 0;
        struct err e = { 0 };
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, CORPUS "/%s", entry->d_name);
        uint8_t *bytes = read_file(path, &size);
        enum err_code rc = fuzz_scan_bytes(bytes, size, &e);
        free(bytes);
        files++;
        readable += rc == ERR_OK;
        if ((rc != ERR_OK) != (e.text[0] != 0) || e.code != rc)
            fail_msg("%s: code %d, \"%s\"", path, rc, e.text);
    }
    closedir(folder);
    assert_int_equal(LLVMFuzzerTestOneInput((const uint8_t *)"II*", 3), 0);
    assert_true(files >= 36);
    assert_true(readable >= 36);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(replays) };
    return cmocka_run_group_tests_name("fuzz_scan", tests, NULL, NULL);
}

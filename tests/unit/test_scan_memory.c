/* Every allocation of this program in opening, reading and normalising a scan fails once: a clean error each
 * time, nothing leaked.  (libtiff's own are left alone: some releases leak or crash without memory.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "tests/fuzz/fuzz_scan.c"
#include "tests/unit/scan_tiffs.h"

#ifdef __SANITIZE_ADDRESS__
/* The sanitizer has malloc to itself. */
static void fails_cleanly(void **state)
{
    (void)state;
    skip();
}
#else
/* glibc's allocator under its own names; these definitions take its place. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

static long until_failure = -1;   /* allocations that still succeed; -1: all */
static long live;                 /* blocks held by this program, libraries apart */

/* The linker's names for the ends of the program's code. */
extern const char __executable_start, etext;

static bool is_own(const void *caller)
{
    return (const char *)caller >= &__executable_start && (const char *)caller < &etext;
}

static bool fails(const void *caller)
{
    if (!is_own(caller) || until_failure < 0 || until_failure-- > 0)
        return false;
    until_failure = -1;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    void *block = fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
    live += block && is_own(__builtin_return_address(0));
    return block;
}

void *calloc(size_t n, size_t size)
{
    void *block = fails(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
    live += block && is_own(__builtin_return_address(0));
    return block;
}

void *realloc(void *block, size_t size)
{
    void *moved = fails(__builtin_return_address(0)) ? NULL : __libc_realloc(block, size);
    live += !block && moved && is_own(__builtin_return_address(0));
    return moved;
}

void free(void *block)
{
    live -= block && is_own(__builtin_return_address(0));
    __libc_free(block);
}

static void fail_each(const char *name, const uint8_t *bytes, size_t size)
{
    struct err e = { 0 };
    assert_int_equal(fuzz_scan_bytes(bytes, size, &e), ERR_OK);
    long n = 0;
    for (bool failed = true; failed; n++) {
        err_clear(&e);
        long before = live;
        until_failure = n;
        enum err_code rc = fuzz_scan_bytes(bytes, size, &e);
        failed = until_failure < 0;
        until_failure = -1;
        long leaked = live - before;
        if (leaked)
            fail_msg("%s: %ld blocks leaked when allocation %ld failed", name, leaked, n);
        if (failed && rc != ERR_OK && rc != ERR_NO_MEMORY)
            fail_msg("%s: code %d when allocation %ld failed: %s", name, rc, n, e.text);
        assert_int_equal(rc, e.code);
        assert_true(n < 2000);
    }
    /* At least the scan, a row, the normaliser and the probe. */
    assert_true(n > 4);
}

static void fails_cleanly(void **state)
{
    (void)state;
    char path[] = "/tmp/test-scan-memory-XXXXXX";
    close(mkstemp(path));
    for (int i = 0; i < TIFF_KINDS; i++) {
        struct tiff_spec spec = tiff_kinds[i];
        size_t size = 0;
        spec.orientation = (uint16_t)(i % 9);
        spec.dpi_x = spec.dpi_y = i % 2 ? 300 : 200;
        assert_true(tiff_write(path, &spec));
        uint8_t *bytes = tiff_bytes(path, &size);
        assert_non_null(bytes);
        fail_each(spec.name, bytes, size);
        free(bytes);
    }
    unlink(path);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(fails_cleanly) };
    return cmocka_run_group_tests_name("scan_memory", tests, NULL, NULL);
}

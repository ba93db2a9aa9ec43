#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "server/first_touch.h"

static void touching_new_memory_counts(void **state)
{
    (void)state;
    enum { BYTES = 1 << 20 };
    long before = first_touch_pages();
    volatile char *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    for (size_t i = 0; i < BYTES; i += 4096)
        memory[i] = 1;
    assert_true(first_touch_pages() > before);
    munmap((void *)memory, BYTES);
}

static void seconds_grow_with_the_pages(void **state)
{
    (void)state;
    assert_true(first_touch_seconds(0) == 0);
    assert_true(first_touch_seconds(-1) == 0);
    double some = first_touch_seconds(100000);
    assert_true(some > 0 && some < 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(touching_new_memory_counts),
        cmocka_unit_test(seconds_grow_with_the_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

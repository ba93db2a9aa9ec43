/* Allocations that fail from the n-th on, as they do when memory is gone: of the project's own objects, by the
 * linker's --wrap (memory.mk), and of cJSON, by its hooks. */
#ifndef TESTS_UNIT_FAILING_ALLOC_H
#define TESTS_UNIT_FAILING_ALLOC_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "tests/wrapped_alloc.h"

static atomic_long countdown = -1;   /* allocations that still succeed, and one; -1: all do */

static int allocation_fails(void)
{
    if (atomic_load(&countdown) > 0)
        atomic_fetch_sub(&countdown, 1);
    return atomic_load(&countdown) == 0;
}

/* Runs with 0, 1, 2, … allocations granted until it succeeds; the number it needed.  Each failure before that says
 * ERR_NO_MEMORY or `other`, with a sentence, and the same call with all the memory it wants succeeds. */
static inline long fail_each(enum err_code (*run)(struct err *e), enum err_code other)
{
    for (long granted = 0;; granted++) {
        struct err e = {0};
        atomic_store(&countdown, granted + 1);
        enum err_code code = run(&e);
        atomic_store(&countdown, -1);
        if (code == ERR_OK)
            return granted;
        if (code != ERR_NO_MEMORY && code != other)
            fail_msg("after %ld allocations: %d, %s: %s", granted, code, e.field, e.text);
        assert_int_equal(e.code, code);
        assert_true(e.text[0] != '\0');
        struct err again = {0};
        assert_int_equal(run(&again), ERR_OK);
        assert_true(granted < 10000);
    }
}

#endif

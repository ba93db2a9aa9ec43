#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/pool.h"

enum { TASKS = 1000 };

struct tally {
    atomic_int runs[TASKS];
    atomic_int on_worker[16];
    atomic_int last;
    size_t fail_at;
};

static enum err_code count(void *ctx, size_t task, int worker, struct err *e)
{
    struct tally *t = ctx;
    assert_int_equal(atomic_fetch_add(&t->on_worker[worker], 1), 0);
    atomic_fetch_add(&t->runs[task], 1);
    atomic_store(&t->last, (int)task);
    atomic_fetch_sub(&t->on_worker[worker], 1);
    if (t->fail_at && task >= t->fail_at)
        return err_set(e, ERR_INVALID, "Task %zu fails.", task);
    return ERR_OK;
}

static void each_task_runs_once(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        struct err e;
        err_clear(&e);
        struct pool *pool;
        assert_int_equal(pool_create(&pool, threads, &e), ERR_OK);
        assert_int_equal(pool_threads(pool), threads);
        static struct tally t;
        memset(&t, 0, sizeof t);
        for (int loop = 1; loop <= 50; loop++) {
            assert_int_equal(pool_run(pool, TASKS, count, &t, &e), ERR_OK);
            for (int i = 0; i < TASKS; i++)
                assert_int_equal(atomic_load(&t.runs[i]), loop);
        }
        assert_int_equal(pool_run(pool, 0, count, &t, &e), ERR_OK);
        pool_free(pool);
    }
}

static void without_a_pool_the_caller_runs_all(void **state)
{
    (void)state;
    struct err e;
    err_clear(&e);
    static struct tally t;
    memset(&t, 0, sizeof t);
    assert_int_equal(pool_run(NULL, TASKS, count, &t, &e), ERR_OK);
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(atomic_load(&t.runs[i]), 1);
    t.fail_at = 10;
    assert_int_equal(pool_run(NULL, TASKS, count, &t, &e), ERR_INVALID);
    assert_int_equal(atomic_load(&t.last), 10);
}

static void first_failure_is_the_result_and_stops_the_loop(void **state)
{
    (void)state;
    struct err e;
    err_clear(&e);
    struct pool *pool;
    assert_int_equal(pool_create(&pool, 3, &e), ERR_OK);
    static struct tally t;
    memset(&t, 0, sizeof t);
    t.fail_at = 100;
    assert_int_equal(pool_run(pool, TASKS, count, &t, &e), ERR_INVALID);
    assert_non_null(strstr(e.text, "fails."));
    int runs = 0;
    for (int i = 0; i < TASKS; i++)
        runs += atomic_load(&t.runs[i]);
    assert_in_range(runs, 101, 103);

    err_clear(&e);
    t.fail_at = 0;
    assert_int_equal(pool_run(pool, TASKS, count, &t, &e), ERR_OK);
    pool_free(pool);
    pool_free(NULL);
}

static enum err_code note_worker(void *ctx, size_t task, int worker, struct err *e)
{
    (void)task;
    (void)e;
    atomic_fetch_or((atomic_int *)ctx, 1 << worker);
    usleep(2000);
    return ERR_OK;
}

static void work_is_shared_between_threads(void **state)
{
    (void)state;
    struct err e;
    err_clear(&e);
    struct pool *pool;
    assert_int_equal(pool_create(&pool, 2, &e), ERR_OK);
    atomic_int seen = 0;
    assert_int_equal(pool_run(pool, 50, note_worker, &seen, &e), ERR_OK);
    assert_int_equal(atomic_load(&seen), 3);
    pool_free(pool);
}

static void cpu_limit_is_sane(void **state)
{
    (void)state;
    int n = pool_cpu_limit();
    assert_in_range(n, 1, sysconf(_SC_NPROCESSORS_CONF));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_task_runs_once),
        cmocka_unit_test(without_a_pool_the_caller_runs_all),
        cmocka_unit_test(first_failure_is_the_result_and_stops_the_loop),
        cmocka_unit_test(work_is_shared_between_threads),
        cmocka_unit_test(cpu_limit_is_sane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

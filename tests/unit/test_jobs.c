/* The job queue: order, limits, progress, cancellation, deadlines, shutdown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/jobs.h"

/* A job that waits until the test lets it go, or it is told to stop. */
struct gate {
    atomic_bool open, freed;
    atomic_int runs;
    int order;
    enum err_code fails;
};

static atomic_int clock_ticks;

static enum err_code wait_at_gate(void *ctx, const struct job *job, struct err *e)
{
    struct gate *gate = ctx;
    atomic_fetch_add(&gate->runs, 1);
    job_progress(job, "waiting", 0.5);
    while (!atomic_load(&gate->open)) {
        enum err_code code = job_check(job, e);
        if (code)
            return code;
        usleep(1000);
    }
    gate->order = atomic_fetch_add(&clock_ticks, 1);
    return gate->fails ? err_set(e, gate->fails, "The gate fails.") : ERR_OK;
}

static void note_free(void *ctx)
{
    struct gate *gate = ctx;
    assert_false(atomic_exchange(&gate->freed, true));
}

static enum err_code submit(struct jobs *jobs, struct gate *gate, int64_t deadline_ns, struct ticket **ticket,
                            struct err *e)
{
    return jobs_submit(jobs, (struct work){wait_at_gate, note_free, gate}, deadline_ns, ticket, e);
}

static struct jobs *create(int running, int waiting)
{
    struct jobs *jobs;
    struct err e = {0};
    assert_int_equal(jobs_create(&jobs, running, waiting, &e), ERR_OK);
    return jobs;
}

static void until_started(struct ticket *ticket)
{
    struct ticket_view view = {0};
    while (!view.stage[0])
        assert_true(ticket_wait(ticket, view.changes, -1, 10000, &view));
}

static void until_done(struct ticket *ticket, struct ticket_view *view)
{
    memset(view, 0, sizeof *view);
    while (!view->done)
        assert_true(ticket_wait(ticket, view->changes, -1, 10000, view));
}

static void wait_freed(struct gate *gate)
{
    for (int i = 0; i < 10000 && !atomic_load(&gate->freed); i++)
        usleep(1000);
    assert_true(atomic_load(&gate->freed));
}

static void one_job(void **state)
{
    (void)state;
    struct jobs *jobs = create(1, 0);
    struct gate gate = {.open = true};
    struct ticket *ticket;
    struct ticket_view view;
    struct err e = {0};
    assert_int_equal(submit(jobs, &gate, 0, &ticket, &e), ERR_OK);
    until_done(ticket, &view);
    assert_int_equal(view.code, ERR_OK);
    assert_string_equal(view.stage, "waiting");
    assert_true(view.fraction == 0.5);
    assert_false(atomic_load(&gate.freed));
    ticket_release(ticket);
    wait_freed(&gate);
    assert_true(jobs_free(jobs, 1000));
}

static void failure_is_passed_on(void **state)
{
    (void)state;
    struct jobs *jobs = create(1, 0);
    struct gate gate = {.open = true, .fails = ERR_UNSUPPORTED};
    struct ticket *ticket;
    struct ticket_view view;
    struct err e = {0};
    assert_int_equal(submit(jobs, &gate, 0, &ticket, &e), ERR_OK);
    until_done(ticket, &view);
    assert_int_equal(view.code, ERR_UNSUPPORTED);
    assert_string_equal(view.err.text, "The gate fails.");
    ticket_release(ticket);
    assert_true(jobs_free(jobs, 1000));
    assert_true(atomic_load(&gate.freed));
}

static void limits_and_order(void **state)
{
    (void)state;
    struct jobs *jobs = create(1, 2);
    struct gate gates[4] = {0};
    struct ticket *tickets[3], *refused;
    struct ticket_view view;
    struct err e = {0};
    for (int i = 0; i < 3; i++)
        assert_int_equal(submit(jobs, &gates[i], 0, &tickets[i], &e), ERR_OK);
    until_started(tickets[0]);
    assert_int_equal(jobs_running(jobs), 1);
    assert_int_equal(jobs_waiting(jobs), 2);
    assert_int_equal(submit(jobs, &gates[3], 0, &refused, &e), ERR_TOO_MANY);
    assert_true(atomic_load(&gates[3].freed));
    for (int i = 0; i < 3; i++)
        atomic_store(&gates[i].open, true);
    for (int i = 0; i < 3; i++) {
        until_done(tickets[i], &view);
        ticket_release(tickets[i]);
    }
    assert_true(gates[0].order < gates[1].order && gates[1].order < gates[2].order);
    assert_true(jobs_free(jobs, 1000));
}

static void released_while_it_runs(void **state)
{
    (void)state;
    struct jobs *jobs = create(1, 0);
    struct gate gate = {0};
    struct ticket *ticket;
    struct err e = {0};
    assert_int_equal(submit(jobs, &gate, 0, &ticket, &e), ERR_OK);
    until_started(ticket);
    ticket_release(ticket);
    wait_freed(&gate);
    assert_true(jobs_free(jobs, 1000));
}

static void released_while_it_waits(void **state)
{
    (void)state;
    struct jobs *jobs = create(1, 2);
    struct gate gates[3] = {0};
    struct ticket *tickets[3];
    struct ticket_view view;
    struct err e = {0};
    for (int i = 0; i < 3; i++)
        assert_int_equal(submit(jobs, &gates[i], 0, &tickets[i], &e), ERR_OK);
    until_started(tickets[0]);
    ticket_release(tickets[2]);
    assert_true(atomic_load(&gates[2].freed));
    ticket_release(tickets[1]);
    assert_true(atomic_load(&gates[1].freed));
    assert_int_equal(jobs_waiting(jobs), 0);
    assert_int_equal(gates[1].runs + gates[2].runs, 0);
    /* The queue still works. */
    struct gate more = {.open = true};
    struct ticket *ticket;
    assert_int_equal(submit(jobs, &more, 0, &ticket, &e), ERR_OK);
    atomic_store(&gates[0].open, true);
    until_done(ticket, &view);
    ticket_release(ticket);
    ticket_release(tickets[0]);
    assert_true(jobs_free(jobs, 1000));
}

static void deadline_passed_in_the_queue(void **state)
{
    (void)state;
    struct jobs *jobs = create(1, 1);
    struct gate gate = {0};
    struct ticket *ticket;
    struct ticket_view view;
    struct err e = {0};
    assert_int_equal(submit(jobs, &gate, job_now_ns() - 1, &ticket, &e), ERR_OK);
    until_done(ticket, &view);
    assert_int_equal(view.code, ERR_DEADLINE);
    assert_int_equal(atomic_load(&gate.runs), 0);
    ticket_release(ticket);
    assert_true(jobs_free(jobs, 1000));
}

static void waiting_times_out_and_sees_the_socket_close(void **state)
{
    (void)state;
    struct jobs *jobs = create(1, 0);
    struct gate gate = {0};
    struct ticket *ticket;
    struct ticket_view view;
    struct err e = {0};
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(submit(jobs, &gate, 0, &ticket, &e), ERR_OK);
    until_started(ticket);
    assert_true(ticket_wait(ticket, 0, pair[0], 10000, &view));
    unsigned long long seen = view.changes;
    int64_t begin = job_now_ns();
    assert_true(ticket_wait(ticket, seen, pair[0], 50, &view));
    assert_true(job_now_ns() - begin >= 49000000);
    assert_int_equal(view.changes, seen);
    close(pair[1]);
    assert_false(ticket_wait(ticket, seen, pair[0], 10000, &view));
    assert_false(view.done);
    close(pair[0]);
    ticket_release(ticket);
    assert_true(jobs_free(jobs, 1000));
}

static void drain_waits(void **state)
{
    (void)state;
    struct jobs *jobs = create(1, 1);
    struct gate gate = {0};
    struct ticket *ticket, *late;
    struct ticket_view view;
    struct err e = {0};
    assert_int_equal(submit(jobs, &gate, 0, &ticket, &e), ERR_OK);
    until_started(ticket);
    atomic_store(&gate.open, true);
    assert_true(jobs_drain(jobs, job_now_ns() + 10000000000));
    until_done(ticket, &view);
    assert_int_equal(view.code, ERR_OK);
    struct gate another = {0};
    assert_int_equal(submit(jobs, &another, 0, &late, &e), ERR_UNAVAILABLE);
    assert_true(atomic_load(&another.freed));
    ticket_release(ticket);
    assert_true(jobs_free(jobs, 1000));
}

static void drain_gives_up(void **state)
{
    (void)state;
    struct jobs *jobs = create(1, 1);
    struct gate gates[2] = {0};
    struct ticket *tickets[2];
    struct ticket_view view;
    struct err e = {0};
    for (int i = 0; i < 2; i++)
        assert_int_equal(submit(jobs, &gates[i], 0, &tickets[i], &e), ERR_OK);
    until_started(tickets[0]);
    assert_false(jobs_drain(jobs, job_now_ns() + 20000000));
    for (int i = 0; i < 2; i++) {
        until_done(tickets[i], &view);
        assert_int_equal(view.code, ERR_CANCELLED);
        ticket_release(tickets[i]);
    }
    assert_true(jobs_free(jobs, 1000));
    assert_true(atomic_load(&gates[0].freed) && atomic_load(&gates[1].freed));
}

static enum err_code deaf(void *ctx, const struct job *job, struct err *e)
{
    (void)job, (void)e;
    struct gate *gate = ctx;
    atomic_store(&gate->runs, 1);
    while (!atomic_load(&gate->open))
        usleep(1000);
    return ERR_OK;
}

static void a_deaf_job_is_not_waited_for(void **state)
{
    (void)state;
    struct jobs *jobs = create(1, 0);
    struct gate gate = {0};
    struct ticket *ticket;
    struct err e = {0};
    assert_int_equal(jobs_submit(jobs, (struct work){deaf, note_free, &gate}, 0, &ticket, &e), ERR_OK);
    while (!atomic_load(&gate.runs))
        usleep(1000);
    ticket_release(ticket);
    assert_false(jobs_free(jobs, 20));
    atomic_store(&gate.open, true);
    assert_true(jobs_free(jobs, 10000));
    assert_true(atomic_load(&gate.freed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_job),
        cmocka_unit_test(failure_is_passed_on),
        cmocka_unit_test(limits_and_order),
        cmocka_unit_test(released_while_it_runs),
        cmocka_unit_test(released_while_it_waits),
        cmocka_unit_test(deadline_passed_in_the_queue),
        cmocka_unit_test(waiting_times_out_and_sees_the_socket_close),
        cmocka_unit_test(drain_waits),
        cmocka_unit_test(drain_gives_up),
        cmocka_unit_test(a_deaf_job_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

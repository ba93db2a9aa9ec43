#include "server/jobs.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct ticket {
    struct jobs *jobs;
    struct ticket *next;             /* in the queue */
    struct work work;
    struct job job;
    int event;                       /* eventfd, readable when the view has changed */
    int holders;                     /* the submitter and the queue; guarded by jobs->mutex, as is the view */
    struct ticket_view view;
};

struct jobs {
    pthread_mutex_t mutex;
    pthread_cond_t work_there, all_done;
    struct ticket *first, **last;    /* waiting */
    struct ticket **current;         /* [max_running]: what each thread runs, or NULL */
    pthread_t *threads;
    int n_threads, max_running, max_waiting, running, waiting, exited;
    bool closed, stopping;
};

struct runner { struct jobs *jobs; int index; };

static void notify(struct ticket *ticket)
{
    uint64_t one = 1;
    ticket->view.changes++;
    ssize_t n = write(ticket->event, &one, sizeof one);
    (void)n;   /* a full counter is readable all the same */
}

static void let_go(struct jobs *jobs, struct ticket *ticket)
{
    pthread_mutex_lock(&jobs->mutex);
    bool last = --ticket->holders == 0;
    pthread_mutex_unlock(&jobs->mutex);
    if (!last)
        return;
    ticket->work.free(ticket->work.ctx);
    close(ticket->event);
    free(ticket);
}

static void on_progress(void *ctx, const char *stage, double fraction)
{
    struct ticket *ticket = ctx;
    pthread_mutex_lock(&ticket->jobs->mutex);
    snprintf(ticket->view.stage, sizeof ticket->view.stage, "%s", stage);
    ticket->view.fraction = fraction;
    notify(ticket);
    pthread_mutex_unlock(&ticket->jobs->mutex);
}

/* The first outcome stands. */
static void set_done(struct ticket *ticket, enum err_code code, const struct err *e)
{
    if (ticket->view.done)
        return;
    ticket->view.code = code;
    ticket->view.err = *e;
    ticket->view.done = true;
    notify(ticket);
}

/* Runs one ticket; called with the mutex held, returns with it held. */
static void run_one(struct jobs *jobs, struct ticket *ticket, int index)
{
    struct err e = {0};
    jobs->running++;
    jobs->current[index] = ticket;
    ticket->view.started = true;
    notify(ticket);
    pthread_mutex_unlock(&jobs->mutex);
    enum err_code code = job_check(&ticket->job, &e);
    if (!code)
        code = ticket->work.run(ticket->work.ctx, &ticket->job, &e);
    pthread_mutex_lock(&jobs->mutex);
    set_done(ticket, code, &e);
    jobs->current[index] = NULL;
    jobs->running--;
    if (!jobs->running && !jobs->waiting)
        pthread_cond_broadcast(&jobs->all_done);
    pthread_mutex_unlock(&jobs->mutex);
    let_go(jobs, ticket);
    pthread_mutex_lock(&jobs->mutex);
}

static void *runner_main(void *arg)
{
    struct runner runner = *(struct runner *)arg;
    struct jobs *jobs = runner.jobs;
    free(arg);
    pthread_mutex_lock(&jobs->mutex);
    for (;;) {
        while (!jobs->first && !jobs->stopping)
            pthread_cond_wait(&jobs->work_there, &jobs->mutex);
        struct ticket *ticket = jobs->first;
        if (!ticket)
            break;
        jobs->first = ticket->next;
        if (!jobs->first)
            jobs->last = &jobs->first;
        jobs->waiting--;
        run_one(jobs, ticket, runner.index);
    }
    jobs->exited++;
    pthread_cond_broadcast(&jobs->all_done);
    pthread_mutex_unlock(&jobs->mutex);
    return NULL;
}

static void destroy(struct jobs *jobs)
{
    for (int i = 0; i < jobs->n_threads; i++)
        pthread_join(jobs->threads[i], NULL);
    pthread_cond_destroy(&jobs->work_there);
    pthread_cond_destroy(&jobs->all_done);
    pthread_mutex_destroy(&jobs->mutex);
    free(jobs->threads);
    free(jobs->current);
    free(jobs);
}

enum err_code jobs_create(struct jobs **out, int running, int waiting, struct err *e)
{
    struct jobs *jobs = calloc(1, sizeof *jobs);
    if (!jobs)
        return err_memory(e, "the job queue");
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&jobs->mutex, NULL);
    pthread_cond_init(&jobs->work_there, NULL);
    pthread_cond_init(&jobs->all_done, &monotonic);
    pthread_condattr_destroy(&monotonic);
    jobs->last = &jobs->first;
    jobs->max_running = running;
    jobs->max_waiting = waiting;
    jobs->threads = calloc((size_t)running, sizeof *jobs->threads);
    jobs->current = calloc((size_t)running, sizeof *jobs->current);
    bool ok = jobs->threads && jobs->current;
    for (int i = 0; ok && i < running; i++) {
        struct runner *runner = malloc(sizeof *runner);
        ok = runner != NULL;
        if (!ok)
            break;
        *runner = (struct runner){jobs, i};
        ok = pthread_create(&jobs->threads[i], NULL, runner_main, runner) == 0;
        if (ok)
            jobs->n_threads++;
        else
            free(runner);
    }
    if (ok) {
        *out = jobs;
        return ERR_OK;
    }
    pthread_mutex_lock(&jobs->mutex);
    jobs->stopping = true;
    pthread_cond_broadcast(&jobs->work_there);
    pthread_mutex_unlock(&jobs->mutex);
    destroy(jobs);
    return err_memory(e, "the job threads");
}

static struct timespec time_of(int64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
}

/* Whoever waits is told at once, not when the job notices. */
static void cancel(struct ticket *ticket)
{
    struct err e = {0};
    err_set(&e, ERR_CANCELLED, "The request was cancelled.");
    atomic_store(&ticket->job.cancelled, true);
    set_done(ticket, ERR_CANCELLED, &e);
}

static void cancel_all(struct jobs *jobs)
{
    for (int i = 0; i < jobs->max_running; i++)
        if (jobs->current[i])
            cancel(jobs->current[i]);
    for (struct ticket *ticket = jobs->first; ticket; ticket = ticket->next)
        cancel(ticket);
}

bool jobs_drain(struct jobs *jobs, int64_t until_ns)
{
    struct timespec until = time_of(until_ns);
    pthread_mutex_lock(&jobs->mutex);
    jobs->closed = true;
    while (jobs->running || jobs->waiting)
        if (pthread_cond_timedwait(&jobs->all_done, &jobs->mutex, &until) == ETIMEDOUT)
            break;
    bool all = !jobs->running && !jobs->waiting;
    cancel_all(jobs);
    pthread_mutex_unlock(&jobs->mutex);
    return all;
}

bool jobs_free(struct jobs *jobs, int grace_ms)
{
    if (!jobs)
        return true;
    struct timespec until = time_of(job_now_ns() + (int64_t)grace_ms * 1000000);
    pthread_mutex_lock(&jobs->mutex);
    jobs->closed = jobs->stopping = true;
    cancel_all(jobs);
    pthread_cond_broadcast(&jobs->work_there);
    while (jobs->exited < jobs->n_threads)
        if (pthread_cond_timedwait(&jobs->all_done, &jobs->mutex, &until) == ETIMEDOUT)
            break;
    bool all = jobs->exited == jobs->n_threads;
    pthread_mutex_unlock(&jobs->mutex);
    if (all)
        destroy(jobs);
    return all;
}

int jobs_running(struct jobs *jobs)
{
    pthread_mutex_lock(&jobs->mutex);
    int n = jobs->running;
    pthread_mutex_unlock(&jobs->mutex);
    return n;
}

int jobs_waiting(struct jobs *jobs)
{
    pthread_mutex_lock(&jobs->mutex);
    int n = jobs->waiting;
    pthread_mutex_unlock(&jobs->mutex);
    return n;
}

enum err_code jobs_submit(struct jobs *jobs, struct work work, int64_t deadline_ns, struct ticket **out, struct err *e)
{
    enum err_code code = ERR_OK;
    struct ticket *ticket = calloc(1, sizeof *ticket);
    int event = ticket ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
    if (event < 0) {
        code = err_memory(e, "a job");
        goto refused;
    }
    *ticket = (struct ticket){.jobs = jobs, .work = work, .event = event, .holders = 2};
    ticket->job.deadline_ns = deadline_ns;
    ticket->job.progress = on_progress;
    ticket->job.progress_ctx = ticket;
    pthread_mutex_lock(&jobs->mutex);
    if (jobs->closed)
        code = err_set(e, ERR_UNAVAILABLE, "The server is shutting down.");
    else if (jobs->running + jobs->waiting >= jobs->max_running + jobs->max_waiting)
        code = err_set(e, ERR_TOO_MANY, "%d scans are being digitized and %d wait: try again in a while.", jobs->running,
                       jobs->waiting);
    if (!code) {
        *jobs->last = ticket;
        jobs->last = &ticket->next;
        jobs->waiting++;
        pthread_cond_signal(&jobs->work_there);
        *out = ticket;
    }
    pthread_mutex_unlock(&jobs->mutex);
    if (!code)
        return ERR_OK;
refused:
    if (event >= 0)
        close(event);
    free(ticket);
    work.free(work.ctx);
    return code;
}

static void view_of(struct ticket *ticket, struct ticket_view *view)
{
    uint64_t count;
    pthread_mutex_lock(&ticket->jobs->mutex);
    ssize_t n = read(ticket->event, &count, sizeof count);
    (void)n;
    *view = ticket->view;
    pthread_mutex_unlock(&ticket->jobs->mutex);
}

bool ticket_wait(struct ticket *ticket, unsigned long long seen, int socket, int timeout_ms, struct ticket_view *view)
{
    int64_t until = timeout_ms < 0 ? INT64_MAX : job_now_ns() + (int64_t)timeout_ms * 1000000;
    for (;;) {
        view_of(ticket, view);
        int64_t left = until == INT64_MAX ? -1 : (until - job_now_ns() + 999999) / 1000000;
        if (view->done || view->changes != seen || (timeout_ms >= 0 && left <= 0))
            return true;
        struct pollfd fds[2] = {{.fd = ticket->event, .events = POLLIN}, {.fd = socket, .events = POLLRDHUP}};
        if (poll(fds, socket < 0 ? 1 : 2, (int)left) < 0 && errno != EINTR)
            return true;
        if (fds[1].revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) {
            view_of(ticket, view);
            return false;
        }
    }
}

/* Takes the ticket out of the queue if it still waits there. */
static bool unqueue(struct jobs *jobs, struct ticket *ticket)
{
    for (struct ticket **at = &jobs->first; *at; at = &(*at)->next) {
        if (*at != ticket)
            continue;
        *at = ticket->next;
        if (!*at)
            jobs->last = at;
        jobs->waiting--;
        if (!jobs->running && !jobs->waiting)
            pthread_cond_broadcast(&jobs->all_done);
        return true;
    }
    return false;
}

void ticket_release(struct ticket *ticket)
{
    struct jobs *jobs = ticket->jobs;
    pthread_mutex_lock(&jobs->mutex);
    atomic_store(&ticket->job.cancelled, true);
    bool waited = unqueue(jobs, ticket);
    pthread_mutex_unlock(&jobs->mutex);
    if (waited)
        let_go(jobs, ticket);
    let_go(jobs, ticket);
}

#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pool {
    int threads;
    pthread_t *thread;        /* threads - 1 of them: the caller of pool_run is worker 0 */
    int started;

    pthread_mutex_t callers;  /* held for a whole loop: loops follow one another */
    pthread_mutex_t lock;     /* guards everything below */
    pthread_cond_t work;      /* a loop has begun, or the pool is closing */
    pthread_cond_t done;      /* a worker has left the loop */

    bool closing;
    unsigned long loop;       /* counts loops, so that a worker joins each at most once */
    int inside;               /* workers in the present loop */
    pool_task fn;
    void *ctx;
    size_t next, tasks;
    enum err_code failed;
    struct err failure;
};

struct worker {
    struct pool *pool;
    int index;
};

/* Takes tasks until none is left.  Called and left with the lock held. */
static void work_through(struct pool *p, int worker)
{
    while (p->next < p->tasks) {
        size_t task = p->next++;
        struct err e;
        err_clear(&e);
        pthread_mutex_unlock(&p->lock);
        enum err_code code = p->fn(p->ctx, task, worker, &e);
        pthread_mutex_lock(&p->lock);
        if (code && !p->failed) {
            p->failed = code;
            p->failure = e;
        }
        if (code)
            p->next = p->tasks;
    }
}

static void *worker_main(void *arg)
{
    struct worker self = *(struct worker *)arg;
    free(arg);
    struct pool *p = self.pool;
    unsigned long seen = 0;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->closing && (p->loop == seen || p->next >= p->tasks)) {
            seen = p->loop;
            pthread_cond_wait(&p->work, &p->lock);
        }
        if (p->closing)
            break;
        seen = p->loop;
        p->inside++;
        work_through(p, self.index);
        p->inside--;
        pthread_cond_signal(&p->done);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static enum err_code start_thread(struct pool *p, int index, struct err *e)
{
    struct worker *w = malloc(sizeof *w);
    if (!w)
        return err_memory(e, "a worker thread");
    w->pool = p;
    w->index = index;
    int rc = pthread_create(&p->thread[p->started], NULL, worker_main, w);
    if (rc) {
        free(w);
        return err_set(e, ERR_NO_MEMORY, "A worker thread could not be started: %s.", strerror(rc));
    }
    p->started++;
    return ERR_OK;
}

enum err_code pool_create(struct pool **out, int threads, struct err *e)
{
    if (threads < 1)
        threads = 1;
    struct pool *p = calloc(1, sizeof *p);
    if (!p)
        return err_memory(e, "the thread pool");
    p->threads = threads;
    pthread_mutex_init(&p->callers, NULL);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->done, NULL);
    enum err_code code = ERR_OK;
    p->thread = calloc((size_t)threads, sizeof *p->thread);
    if (!p->thread)
        code = err_memory(e, "the thread pool");
    for (int i = 1; i < threads && !code; i++)
        code = start_thread(p, i, e);
    if (code) {
        pool_free(p);
        return code;
    }
    *out = p;
    return ERR_OK;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->started; i++)
        pthread_join(p->thread[i], NULL);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    pthread_mutex_destroy(&p->callers);
    free(p->thread);
    free(p);
}

int pool_threads(const struct pool *p)
{
    return p->threads;
}

static enum err_code run_alone(size_t tasks, pool_task fn, void *ctx, struct err *e)
{
    enum err_code code = ERR_OK;
    for (size_t task = 0; task < tasks && !code; task++)
        code = fn(ctx, task, 0, e);
    return code;
}

enum err_code pool_run(struct pool *p, size_t tasks, pool_task fn, void *ctx, struct err *e)
{
    if (!p)
        return run_alone(tasks, fn, ctx, e);
    pthread_mutex_lock(&p->callers);
    pthread_mutex_lock(&p->lock);
    p->fn = fn;
    p->ctx = ctx;
    p->next = 0;
    p->tasks = tasks;
    p->failed = ERR_OK;
    p->loop++;
    if (tasks > 1)
        pthread_cond_broadcast(&p->work);
    work_through(p, 0);
    while (p->inside)
        pthread_cond_wait(&p->done, &p->lock);
    enum err_code code = p->failed;
    struct err failure = p->failure;
    pthread_mutex_unlock(&p->lock);
    pthread_mutex_unlock(&p->callers);
    if (!code)
        return ERR_OK;
    if (failure.code && !e->code)
        *e = failure;
    return code;
}

/* The number of CPUs of a quota per period, rounded up; 0 when there is none. */
static int quota_cpus(long long quota, long long period)
{
    if (quota <= 0 || period <= 0)
        return 0;
    long long cpus = (quota + period - 1) / period;
    return cpus > 4096 ? 4096 : (int)cpus;
}

static bool read_line(const char *path, char *line, size_t size)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    bool ok = fgets(line, (int)size, f) != NULL;
    fclose(f);
    return ok;
}

/* Inside a container the process's own group is mounted at the root of the hierarchy. */
static int cgroup_cpus(void)
{
    char line[128], line2[128];
    long long quota, period;
    if (read_line("/sys/fs/cgroup/cpu.max", line, sizeof line))
        return sscanf(line, "%lld %lld", &quota, &period) == 2 ? quota_cpus(quota, period) : 0;
    if (read_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", line, sizeof line) &&
        read_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us", line2, sizeof line2))
        return quota_cpus(atoll(line), atoll(line2));
    return 0;
}

int pool_cpu_limit(void)
{
    cpu_set_t set;
    int cpus = sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
    int quota = cgroup_cpus();
    if (quota && quota < cpus)
        cpus = quota;
    return cpus < 1 ? 1 : cpus;
}

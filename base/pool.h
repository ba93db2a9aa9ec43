/* A pool of worker threads that share out the tasks of one parallel loop at a time. */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>

#include "base/err.h"

struct pool;

/* One task of a loop.  `task` is 0..tasks-1, `worker` 0..pool_threads()-1; no two tasks run on one
 * worker at a time, so that scratch may be kept per worker. */
typedef enum err_code (*pool_task)(void *ctx, size_t task, int worker, struct err *e);

/* Starts a pool of `threads` workers (>= 1), the calling thread of pool_run counted as one.
 * On success *out is the caller's, freed with pool_free. */
enum err_code pool_create(struct pool **out, int threads, struct err *e);

/* Joins the threads.  NULL is allowed. */
void pool_free(struct pool *pool);

int pool_threads(const struct pool *pool);

/* Runs fn for every task, each exactly once, and returns when all have ended.  Tasks are handed out
 * in ascending order.  The first failure is sticky: no further task starts, and its code and text are
 * the result.  Loops of several callers follow one another.  A task must not call pool_run.  Without a
 * pool, NULL, the calling thread runs all, as worker 0. */
enum err_code pool_run(struct pool *pool, size_t tasks, pool_task fn, void *ctx, struct err *e);

/* The CPUs this process may use: the container's cgroup quota (v2 cpu.max, v1 cfs_quota) rounded up,
 * capped by the affinity mask; at least 1. */
int pool_cpu_limit(void);

#endif

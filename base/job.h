/* Control of one running job: cancellation, deadline, progress.  Shared between the thread that
 * owns the request and the threads that compute; all members but `cancelled` are set before the
 * job starts and not changed after. */
#ifndef BASE_JOB_H
#define BASE_JOB_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/err.h"

struct job {
    atomic_bool cancelled;
    int64_t deadline_ns;   /* CLOCK_MONOTONIC; 0: none */
    /* Called from the job's own thread with a stage's name and the fraction of it done, 0..1. */
    void (*progress)(void *ctx, const char *stage, double fraction);
    void *progress_ctx;
    /* A part of another job, whose cancellation, deadline and progress are the whole's: its fractions 0..1 are the
     * whole's begin..end.  The other members are not read. */
    const struct job *whole;
    double begin, end;
};

/* CLOCK_MONOTONIC in nanoseconds. */
int64_t job_now_ns(void);

/* ERR_CANCELLED or ERR_DEADLINE when the job must stop.  Cheap: call it once a strip or so.  `job` may be NULL. */
enum err_code job_check(const struct job *job, struct err *e);

/* Reports progress, if anybody listens.  `job` may be NULL. */
void job_progress(const struct job *job, const char *stage, double fraction);

#endif

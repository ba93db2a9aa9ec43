#include "base/job.h"

#include <time.h>

int64_t job_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

enum err_code job_check(const struct job *job, struct err *e)
{
    if (!job)
        return ERR_OK;
    if (job->whole)
        return job_check(job->whole, e);
    if (atomic_load_explicit(&job->cancelled, memory_order_relaxed))
        return err_set(e, ERR_CANCELLED, "The request was cancelled.");
    if (job->deadline_ns && job_now_ns() >= job->deadline_ns)
        return err_set(e, ERR_DEADLINE, "The scan could not be digitized before the deadline.");
    return ERR_OK;
}

void job_progress(const struct job *job, const char *stage, double fraction)
{
    if (job && job->whole)
        job_progress(job->whole, stage, job->begin + (job->end - job->begin) * fraction);
    else if (job && job->progress)
        job->progress(job->progress_ctx, stage, fraction);
}

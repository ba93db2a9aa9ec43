/* The queue of work: a few jobs run at a time, each on a thread of its own, some more wait, the rest
 * are refused.  Whoever submitted a job waits for it, hears of its progress and may give it up; the job
 * and its context live until both sides have let go. */
#ifndef SERVER_JOBS_H
#define SERVER_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/job.h"

struct jobs;
struct ticket;

/* What a job does.  `job` is to be checked and reported to as base/job.h says. */
struct work {
    enum err_code (*run)(void *ctx, const struct job *job, struct err *e);
    void (*free)(void *ctx);   /* called once, when neither side needs ctx any more */
    void *ctx;
};

/* Starts `running` threads; at most `waiting` jobs wait beside the ones that run.  On success *out is the
 * caller's, freed with jobs_free. */
enum err_code jobs_create(struct jobs **out, int running, int waiting, struct err *e);

/* Takes no more jobs; waits until those taken have ended or `until_ns` (CLOCK_MONOTONIC) has come, then
 * cancels the rest, whose tickets are done at once.  Returns whether all had ended. */
bool jobs_drain(struct jobs *jobs, int64_t until_ns);

/* Frees the queue if all its jobs end within `grace_ms` after being cancelled; returns false, and leaves
 * everything as it is, when one does not.  NULL is allowed. */
bool jobs_free(struct jobs *jobs, int grace_ms);

int jobs_running(struct jobs *jobs);
int jobs_waiting(struct jobs *jobs);

/* Queues the work, to be ended by `deadline_ns` (0: no deadline).  On success *out is the caller's until
 * ticket_release; on failure work.free has been called.  ERR_TOO_MANY when the queue is full,
 * ERR_UNAVAILABLE when the server is going down. */
enum err_code jobs_submit(struct jobs *jobs, struct work work, int64_t deadline_ns, struct ticket **out, struct err *e);

/* What a ticket's holder sees. */
struct ticket_view {
    bool started, done;
    enum err_code code; struct err err;   /* when done */
    char stage[32]; double fraction;      /* the latest progress */
    unsigned long long changes;           /* grows with every change of the above */
};

/* Waits until something has changed since `seen` changes, the socket (-1: none) is closed by the other
 * side, or `timeout_ms` have passed (-1: no limit).  Returns false when the socket was closed. */
bool ticket_wait(struct ticket *ticket, unsigned long long seen, int socket, int timeout_ms, struct ticket_view *view);

/* Cancels the job if it has not ended, and lets go of it without waiting. */
void ticket_release(struct ticket *ticket);

#endif

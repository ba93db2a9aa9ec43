/* One POST /digitize as a job: shared by the connection's thread, which waits for it, and the job's own,
 * which may outlast the client. */
#ifndef SERVER_TASK_H
#define SERVER_TASK_H

#include "server/digitize.h"

struct task {
    struct server *server;
    struct digitize_input input;
    struct digitize_output output;   /* valid once the job is done */
};

/* A job's work on a task; takes the task over. */
struct work task_work(struct task *task);
void task_free(void *task);

/* What a failure is to the client: a job that the shutdown cancelled can be sent again. */
void task_explain(const struct server *server, struct err *e);

#endif

#include "server/task.h"

#include <stdlib.h>

static enum err_code run(void *ctx, const struct job *job, struct err *e)
{
    struct task *task = ctx;
    return digitize_run(task->server, &task->input, job, &task->output, e);
}

void task_free(void *ctx)
{
    struct task *task = ctx;
    digitize_input_clear(&task->input);
    digitize_output_clear(&task->output);
    free(task);
}

struct work task_work(struct task *task)
{
    return (struct work){.run = run, .free = task_free, .ctx = task};
}

void task_explain(const struct server *server, struct err *e)
{
    if (e->code != ERR_CANCELLED || !atomic_load(&server->draining))
        return;
    err_clear(e);
    err_set(e, ERR_UNAVAILABLE, "The server is shutting down; send the request again.");
}

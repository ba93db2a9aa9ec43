#include "server/sse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/problem.h"
#include "server/response.h"

enum { PING_MS = 10000 };

struct sse {
    struct request *request;   /* lives as long as the stream is read */
    struct task *task;         /* lives as long as the ticket is held */
    struct ticket *ticket;
    int64_t late_ns;
    unsigned long long seen;
    bool last;                 /* `text` is the last that is sent */
    char *text; size_t length, sent;
};

/* Makes "event: NAME", "data: JSON" the next to be sent; takes `json` over. */
static bool set_event(struct sse *sse, const char *name, char *json)
{
    free(sse->text);
    sse->text = NULL;
    sse->sent = sse->length = 0;
    int n = json ? asprintf(&sse->text, "event: %s\ndata: %s\n\n", name, json) : -1;
    free(json);
    if (n < 0) {
        sse->text = NULL;
        return false;
    }
    sse->length = (size_t)n;
    return true;
}

static bool set_error(struct sse *sse, struct err *failure)
{
    task_explain(sse->task->server, failure);
    sse->last = true;
    sse->request->status = problem_status(failure->code);   /* for the log; 200 is on the wire */
    return set_event(sse, "error", problem_text(failure, sse->request->id));
}

static bool set_progress(struct sse *sse, const struct ticket_view *view)
{
    cJSON *json = cJSON_CreateObject();
    double ms = (double)(job_now_ns() - sse->request->started_ns) / 1e6;
    bool ok = json && cJSON_AddStringToObject(json, "stage", view->stage[0] ? view->stage : view->started ? "start" : "queue") &&
              cJSON_AddNumberToObject(json, "fraction", round(view->fraction * 1e4) / 1e4) &&
              cJSON_AddNumberToObject(json, "ms", round(ms));
    ok = ok && set_event(sse, "progress", cJSON_PrintUnformatted(json));
    cJSON_Delete(json);
    return ok;
}

static bool set_done(struct sse *sse, const struct ticket_view *view)
{
    if (view->code) {
        struct err failure = view->err;
        return set_error(sse, &failure);
    }
    sse->last = true;
    sse->request->note = sse->task->output.note;
    sse->task->output.note = NULL;
    return set_event(sse, "result", cJSON_PrintUnformatted(sse->task->output.reply));
}

/* Waits for the next thing to tell.  False when the stream must break off. */
static bool next_event(struct sse *sse)
{
    struct ticket_view view;
    int64_t left_ms = (sse->late_ns - job_now_ns()) / 1000000;
    int wait_ms = left_ms < 0 ? 0 : left_ms < PING_MS ? (int)left_ms : PING_MS;
    if (!ticket_wait(sse->ticket, sse->seen, request_socket(sse->request), wait_ms, &view))
        return false;
    bool news = view.changes != sse->seen;
    sse->seen = view.changes;
    if (view.done)
        return set_done(sse, &view);
    if (job_now_ns() >= sse->late_ns) {
        struct err failure = {0};
        err_set(&failure, ERR_DEADLINE, "The scan could not be digitized before the deadline.");
        return set_error(sse, &failure);
    }
    if (news)
        return set_progress(sse, &view);
    free(sse->text);
    sse->text = strdup(": still at work\n\n");
    sse->sent = 0;
    sse->length = sse->text ? strlen(sse->text) : 0;
    return sse->text != NULL;
}

static ssize_t read_stream(void *ctx, uint64_t position, char *out, size_t size)
{
    (void)position;
    struct sse *sse = ctx;
    if (sse->sent == sse->length) {
        if (sse->last)
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (!next_event(sse))
            return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    size_t n = sse->length - sse->sent < size ? sse->length - sse->sent : size;
    memcpy(out, sse->text + sse->sent, n);
    sse->sent += n;
    sse->request->bytes_out += n;
    return (ssize_t)n;
}

static void release(void *ctx)
{
    struct sse *sse = ctx;
    ticket_release(sse->ticket);
    free(sse->text);
    free(sse);
}

enum err_code sse_respond(struct request *request, struct task *task, struct ticket *ticket, int64_t late_ns,
                          struct err *e)
{
    struct sse *sse = calloc(1, sizeof *sse);
    if (!sse) {
        ticket_release(ticket);
        return err_memory(e, "the event stream");
    }
    *sse = (struct sse){.request = request, .task = task, .ticket = ticket, .late_ns = late_ns};
    char id[STORE_ID_MAX];
    memcpy(id, task->input.id, sizeof id);
    enum err_code code = response_stream(request, "text/event-stream", read_stream, sse, release, e);
    if (!code)
        code = response_header(request, "X-Accel-Buffering", "no", e);   /* nginx holds streams back otherwise */
    return code ? code : response_header(request, "X-Result-Id", id, e);
}

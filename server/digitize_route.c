#include "server/digitize_route.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "server/form.h"
#include "server/ids.h"
#include "server/response.h"
#include "server/sse.h"
#include "server/task.h"

enum {
    LAMBDA_MARGIN_MS = 500,   /* to answer in, before the platform kills */
    LATE_MS = 50              /* after the deadline the job itself is given that long to notice */
};

enum err_code digitize_route_begin(struct request *request, struct err *e)
{
    struct form *form = NULL;
    request->max_body = (unsigned long long)(request->server->config.max_upload_mb * 1e6);
    enum err_code code = form_open(&form, request, e);
    request->state = form;
    return code;
}

enum err_code digitize_route_data(struct request *request, const char *bytes, size_t n, struct err *e)
{
    return form_data(request->state, bytes, n, e);
}

void digitize_route_end(struct request *request)
{
    form_free(request->state);
}

/* --- what the headers ask for --- */

struct accepted { enum fields_format format; bool stream; };

/* The first media type of Accept that is served; JSON where there is none. */
static struct accepted read_accept(const char *accept)
{
    static const struct { const char *type; struct accepted is; } known[] = {
        {"application/json", {FORMAT_JSON, false}},
        {"text/event-stream", {FORMAT_JSON, true}},
        {"text/csv", {FORMAT_CSV, false}},
        {"text/x-las", {FORMAT_LAS, false}},
        {"application/x-las", {FORMAT_LAS, false}},
        {"image/png", {FORMAT_PNG, false}},
    };
    for (const char *at = accept; at && *at; at += strcspn(at, ","), at += *at == ',') {
        at += strspn(at, " \t");
        size_t n = strcspn(at, ",; \t");
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (strlen(known[i].type) == n && strncasecmp(at, known[i].type, n) == 0)
                return known[i].is;
    }
    return (struct accepted){FORMAT_JSON, false};
}

int64_t digitize_route_deadline(const struct request *request)
{
    int64_t deadline = request->started_ns + (int64_t)(request->server->config.deadline_s * 1e9);
    const char *context = request_header(request, "x-amzn-lambda-context");
    cJSON *json = context ? cJSON_Parse(context) : NULL;
    const cJSON *until = cJSON_GetObjectItemCaseSensitive(json, "deadline");
    if (cJSON_IsNumber(until) && until->valuedouble > 0 && until->valuedouble < 1e15) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        double left_ms = until->valuedouble - LAMBDA_MARGIN_MS - (double)now.tv_sec * 1e3 - (double)now.tv_nsec / 1e6;
        int64_t lambda = job_now_ns() + (int64_t)(fmax(left_ms, 1) * 1e6);
        if (lambda < deadline)
            deadline = lambda;
    }
    cJSON_Delete(json);
    return deadline;
}

/* A random id, or the one that a retried request had before. */
static enum err_code choose_id(const struct request *request, char id[STORE_ID_MAX], struct err *e)
{
    const char *key = request_header(request, "Idempotency-Key");
    if (!key)
        return id_random(id, e);
    if (strlen(key) < 8 || strlen(key) > 255)
        return err_field(e, ERR_INVALID, "Idempotency-Key", "An Idempotency-Key has 8 to 255 characters.");
    return id_derived(request->key_name, key, id, e);
}

static enum err_code make_task(struct request *request, struct task **out, struct accepted *accepted, struct err *e)
{
    struct task *task = calloc(1, sizeof *task);
    if (!task)
        return err_memory(e, "the request");
    task->server = request->server;
    task->output.fd = -1;
    digitize_input_init(&task->input);
    struct digitize_options *options = &task->input.options;
    *accepted = read_accept(request_header(request, "Accept"));
    enum err_code code = form_finish(request->state, options, &task->input.scan, e);
    if (!code && (!options->has_format || accepted->stream))
        options->format = accepted->format;
    if (!code)
        code = digitize_check(options, e);
    if (!code)
        code = choose_id(request, task->input.id, e);
    task->input.started_ns = request->started_ns;
    task->input.queued_ns = job_now_ns();
    if (code)
        task_free(task);
    else
        *out = task;
    return code;
}

/* --- the answer --- */

static enum err_code respond(struct request *request, struct task *task, struct err *e)
{
    struct digitize_output *output = &task->output;
    enum fields_format format = task->input.options.format;
    request->note = output->note;
    output->note = NULL;
    enum err_code code;
    if (format == FORMAT_JSON) {
        code = response_json(request, 200, output->reply, e);
    } else {
        char disposition[128];
        int fd = output->fd;
        output->fd = -1;
        snprintf(disposition, sizeof disposition, "inline; filename=\"%s\"", digitize_file(format));
        code = response_file(request, fd, digitize_type(digitize_file(format)), e);
        if (!code)
            code = response_header(request, "Content-Disposition", disposition, e);
    }
    return code ? code : response_header(request, "X-Result-Id", task->input.id, e);
}

enum err_code digitize_route_wait(struct request *request, struct ticket *ticket, int64_t deadline_ns, struct err *e)
{
    struct ticket_view view;
    int64_t late_ns = deadline_ns + (int64_t)LATE_MS * 1000000;
    for (unsigned long long seen = 0;; seen = view.changes) {
        int64_t left_ms = (late_ns - job_now_ns()) / 1000000;
        if (!ticket_wait(ticket, seen, request_socket(request), left_ms > 0 ? (int)left_ms : 0, &view))
            return err_set(e, ERR_CANCELLED, "The client closed the connection.");
        if (view.done)
            break;
        if (job_now_ns() >= late_ns)
            return err_set(e, ERR_DEADLINE, "The scan could not be digitized before the deadline.");
    }
    *e = view.err;
    return view.code;
}

enum err_code digitize_route_handle(struct request *request, struct err *e)
{
    struct task *task = NULL;
    struct ticket *ticket = NULL;
    struct accepted accepted = {FORMAT_JSON, false};
    enum err_code code = make_task(request, &task, &accepted, e);
    if (code)
        return code;
    int64_t deadline_ns = digitize_route_deadline(request);
    code = jobs_submit(request->server->jobs, task_work(task), deadline_ns, &ticket, e);
    if (code)
        return code;
    if (accepted.stream)
        return sse_respond(request, task, ticket, deadline_ns + (int64_t)LATE_MS * 1000000, e);
    code = digitize_route_wait(request, ticket, deadline_ns, e);
    if (!code)
        code = respond(request, task, e);
    else
        task_explain(request->server, e);
    ticket_release(ticket);
    return e->code;
}

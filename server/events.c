#include "server/events.h"

#include <stdlib.h>
#include <string.h>

#include "server/digitize_route.h"
#include "server/events_message.h"
#include "server/events_scan.h"
#include "server/response.h"
#include "server/store_s3.h"

/* On Lambda nobody but the adapter reaches the port, and it writes this header itself: "null" for an event
 * that is no HTTP request. */
static bool comes_from_platform(const struct request *request)
{
    const char *context = request_header(request, "x-amzn-request-context");
    return getenv("AWS_LAMBDA_RUNTIME_API") && context && strcmp(context, "null") == 0;
}

enum err_code events_begin(struct request *request, struct err *e)
{
    struct server *server = request->server;
    bool on_lambda = getenv("AWS_LAMBDA_RUNTIME_API") != NULL;
    if (strcmp(server->store->vtable->kind, "s3") != 0)
        return err_set(e, ERR_NOT_FOUND, "Notifications are taken for an S3 store only.");
    if (comes_from_platform(request))
        return ERR_OK;
    if (server->auth ? auth_check(server->auth, request_header(request, "Authorization"),
                                  request_header(request, "X-Api-Key"), request->key_name)
                     : !on_lambda)
        return ERR_OK;
    return err_set(e, ERR_UNAUTHORIZED, "Notifications are taken from the platform, or with one of the server's keys.");
}

/* One line for each scan, or message, that failed; `scan` may be NULL. */
static void log_failure(const struct server *server, const char *message, const char *scan, const char *why)
{
    cJSON *line = cJSON_CreateObject();
    if (message)
        cJSON_AddStringToObject(line, "message", message);
    if (scan)
        cJSON_AddStringToObject(line, "scan", scan);
    cJSON_AddStringToObject(line, "failed", why);
    log_write(&server->log, LOG_WARN, "event", line);
    cJSON_Delete(line);
}

static void log_success(const struct server *server, const char *message, const struct events_scan *scan)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "message", message);
    cJSON_AddStringToObject(line, "scan", scan->key);
    cJSON_AddStringToObject(line, "result", scan->id);
    cJSON_AddBoolToObject(line, "there_already", scan->skipped);
    cJSON_AddNumberToObject(line, "ms", (double)(long long)(scan->seconds * 1e4) / 10);
    log_write(&server->log, LOG_INFO, "event", line);
    cJSON_Delete(line);
}

static enum err_code digitize_key(struct request *request, const char *message, const char *key, int64_t deadline_ns,
                                  struct err *e)
{
    struct ticket *ticket = NULL;
    struct events_scan *scan = calloc(1, sizeof *scan);
    if (!scan)
        return err_memory(e, "a scan of the batch");
    scan->server = request->server;
    snprintf(scan->key, sizeof scan->key, "%s", key);
    enum err_code code = jobs_submit(request->server->jobs, events_scan_work(scan), deadline_ns, &ticket, e);
    if (code)
        return code;
    code = digitize_route_wait(request, ticket, deadline_ns, e);
    if (!code)   /* else it may still be worked on */
        log_success(request->server, message, scan);
    ticket_release(ticket);
    return code;
}

/* All scans that one message names, until one fails. */
static enum err_code work_message(struct request *request, const char *message, const char *text, int64_t deadline_ns,
                                  struct err *e)
{
    struct events_object *objects = NULL;
    size_t n = 0;
    enum err_code code = events_read_message(text, &objects, &n, e);
    if (code)
        log_failure(request->server, message, NULL, e->text);
    for (size_t i = 0; !code && i < n; i++) {
        const char *key = store_s3_relative_key(request->server->store, objects[i].bucket, objects[i].key);
        if (!key || strlen(key) >= STORE_KEY_MAX)
            code = err_set(e, ERR_FORBIDDEN, "The object is not in this server's bucket and prefix.");
        else if (events_scan_is_tiff(key))
            code = digitize_key(request, message, key, deadline_ns, e);
        if (code)
            log_failure(request->server, message, objects[i].key, e->text);
    }
    free(objects);
    return code;
}

static bool add_failure(cJSON *failures, const char *id)
{
    cJSON *item = cJSON_CreateObject();
    if (!item || !cJSON_AddStringToObject(item, "itemIdentifier", id) || !cJSON_AddItemToArray(failures, item)) {
        cJSON_Delete(item);
        return false;
    }
    return true;
}

/* A message that has no id or no text cannot be named: the empty id fails the whole batch. */
static enum err_code work_batch(struct request *request, const cJSON *records, cJSON *failures, struct err *e)
{
    int64_t deadline_ns = digitize_route_deadline(request);
    const cJSON *record;
    cJSON_ArrayForEach(record, records) {
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record, "messageId"));
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record, "body"));
        struct err failure = {0};
        if (!id || !text)
            log_failure(request->server, id, NULL, "A message of the queue has no id or no body.");
        else if (!work_message(request, id, text, deadline_ns, &failure))
            continue;
        if (!add_failure(failures, id ? id : ""))
            return err_memory(e, "the batch's answer");
    }
    return ERR_OK;
}

enum err_code events_handle(struct request *request, struct err *e)
{
    cJSON *batch = cJSON_ParseWithLength(request->body ? request->body : "", request->body_size);
    const cJSON *records = cJSON_GetObjectItemCaseSensitive(batch, "Records");
    cJSON *answer = cJSON_CreateObject();
    cJSON *failures = cJSON_AddArrayToObject(answer, "batchItemFailures");
    enum err_code code = ERR_OK;
    if (!failures)
        code = err_memory(e, "the batch's answer");
    else if (!cJSON_IsArray(records))
        code = err_set(e, ERR_MALFORMED, "The body is not a batch of SQS messages.");
    if (!code)
        code = work_batch(request, records, failures, e);
    if (!code)
        code = response_json(request, 200, answer, e);
    cJSON_Delete(answer);
    cJSON_Delete(batch);
    return code;
}

#include "server/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/budget.h"
#include "server/digitize.h"
#include "server/digitize_route.h"
#include "server/events.h"
#include "server/health.h"
#include "server/ids.h"
#include "server/page.h"
#include "server/previews.h"
#include "server/response.h"
#include "server/upload_route.h"

enum { SMALL_BODY = 64 << 10, BATCH_BODY = 8 << 20 };

static enum err_code handle_models(struct request *request, struct err *e)
{
    cJSON *json = NULL;
    enum err_code code = models_list(request->server->models, &json, e);
    if (!code)
        code = response_json(request, 200, json, e);
    cJSON_Delete(json);
    return code;
}

static enum err_code handle_metrics(struct request *request, struct err *e)
{
    struct server *server = request->server;
    char *text = NULL;
    struct metrics_now now = {
        .running = jobs_running(server->jobs),
        .waiting = jobs_waiting(server->jobs),
        .connections = http_connections(server->http),
        .model_bytes = models_bytes(server->models),
    };
    enum err_code code = metrics_text(server->metrics, &now, &text, e);
    return code ? code : response_text(request, 200, "text/plain; version=0.0.4; charset=utf-8", text, e);
}

/* GET /results/ID/FILE, for stores without URLs of their own. */
static enum err_code handle_result(struct request *request, struct err *e)
{
    struct store *store = request->server->store;
    char id[STORE_ID_MAX], disposition[256];
    const char *slash = strchr(request->tail, '/');
    size_t n = slash ? (size_t)(slash - request->tail) : sizeof id;
    if (n >= sizeof id)
        return err_set(e, ERR_NOT_FOUND, "There is no such result.");
    memcpy(id, request->tail, n);
    id[n] = 0;
    const char *file = slash + 1;
    int fd;
    enum err_code code = store->vtable->open(store, id, file, &fd, e);
    if (code)
        return code;
    snprintf(disposition, sizeof disposition, "inline; filename=\"%.128s\"", file);
    code = response_file(request, fd, digitize_type(file), e);
    return code ? code : response_header(request, "Content-Disposition", disposition, e);
}

/* One line a route; the page takes what no other has. */
static const struct route routes[] = {
    {.method = "POST", .path = "/digitize", .label = "digitize", .needs_key = true, .body = BODY_STREAM,
     .begin = digitize_route_begin, .data = digitize_route_data, .handle = digitize_route_handle,
     .end = digitize_route_end},
    {.method = "POST", .path = "/uploads", .label = "uploads", .needs_key = true, .body = BODY_MEMORY,
     .max_body = SMALL_BODY, .handle = upload_route_create},
    {.method = "PUT", .path = "/uploads/*", .label = "upload", .body = BODY_STREAM, .begin = upload_route_begin,
     .data = upload_route_data, .handle = upload_route_handle, .end = upload_route_end},
    {.method = "POST", .path = "/previews", .label = "previews", .needs_key = true, .body = BODY_STREAM,
     .begin = digitize_route_begin, .data = digitize_route_data, .handle = previews_create, .end = digitize_route_end},
    {.method = "GET", .path = "/previews/*", .label = "preview", .quiet = true, .handle = previews_get},
    {.method = "GET", .path = "/results/*", .label = "results", .handle = handle_result},
    {.method = "POST", .path = "/events", .label = "events", .body = BODY_MEMORY, .max_body = BATCH_BODY,
     .begin = events_begin, .handle = events_handle},
    {.method = "GET", .path = "/models", .label = "models", .handle = handle_models},
    {.method = "GET", .path = "/budget", .label = "budget", .handle = budget_handle},
    {.method = "GET", .path = "/healthz", .label = "healthz", .quiet = true, .handle = health_live},
    {.method = "GET", .path = "/readyz", .label = "readyz", .quiet = true, .handle = health_ready},
    {.method = "GET", .path = "/metrics", .label = "metrics", .quiet = true, .handle = handle_metrics},
    {.method = "GET", .path = "/*", .label = "page", .handle = page_handle},
};

static bool matches(const struct route *route, const char *path, const char **tail)
{
    size_t n = strlen(route->path);
    if (route->path[n - 1] != '*') {
        *tail = "";
        return strcmp(route->path, path) == 0;
    }
    *tail = path + n - 1;
    return strncmp(route->path, path, n - 1) == 0;
}

static bool allows(const struct route *route, const char *method)
{
    return strcmp(route->method, method) == 0 || (strcmp(route->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static void add_method(char allow[ROUTES_ALLOW_MAX], const char *method)
{
    size_t n = strlen(allow);
    snprintf(allow + n, ROUTES_ALLOW_MAX - n, "%s%s%s", n ? ", " : "", method, strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

enum err_code routes_find(const char *method, const char *path, const struct route **route, const char **tail,
                          char allow[ROUTES_ALLOW_MAX], struct err *e)
{
    const size_t count = sizeof routes / sizeof routes[0], page = count - 1;
    bool known = false;
    allow[0] = 0;
    for (size_t i = 0; i < count; i++) {
        /* A path of the server's own is not the page's, whatever the method. */
        if ((i == page && known) || !matches(&routes[i], path, tail))
            continue;
        known = true;
        if (allows(&routes[i], method)) {
            *route = &routes[i];
            return ERR_OK;
        }
        add_method(allow, routes[i].method);
    }
    if (!known)
        return err_set(e, ERR_NOT_FOUND, "There is nothing at this address.");
    return err_set(e, ERR_METHOD, "This address takes %s.", allow);
}

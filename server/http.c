#include "server/http.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server/ids.h"
#include "server/problem.h"
#include "server/response.h"
#include "server/routes.h"

enum {
    /* Holds a request's headers and query: 5,000 depth lines in a query and libmicrohttpd's record of each. */
    CONNECTION_MEMORY = 1 << 20,
    /* A body that a route does not want. */
    UNWANTED_BODY = 1 << 20,
    /* Of a refused body without a length, as much more is read so that the client sees the answer. */
    DROP_LIMIT = 64 << 20,
    LINGER_MS = 10000,
    LINGER_IDLE_MS = 1000
};

struct http {
    struct server *server;
    struct MHD_Daemon *daemon;
    int port;
    pthread_mutex_t mutex;
    pthread_cond_t idle;
    int active;              /* requests between their first and last callback */
};

/* --- one request --- */

static void count_active(struct http *http, int change)
{
    pthread_mutex_lock(&http->mutex);
    http->active += change;
    if (!http->active)
        pthread_cond_broadcast(&http->idle);
    pthread_mutex_unlock(&http->mutex);
}

static struct request *request_new(struct http *http, struct MHD_Connection *connection, const char *method,
                                   const char *path)
{
    struct request *request = calloc(1, sizeof *request);
    struct err ignored = {0};
    if (!request)
        return NULL;
    request->server = http->server;
    request->connection = connection;
    request->method = method;
    request->path = path;
    request->tail = "";
    request->started_ns = job_now_ns();
    const char *given = request_header(request, "X-Request-Id");
    if (given && id_is_safe(given, sizeof request->id))
        snprintf(request->id, sizeof request->id, "%s", given);
    else if (id_random(request->id, &ignored))
        snprintf(request->id, sizeof request->id, "unknown");
    count_active(http, 1);
    return request;
}

const char *request_header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *request_query(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

int request_socket(const struct request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

static void add_cors(struct request *request)
{
    const struct config *config = &request->server->config;
    struct err e = {0};
    if (!config->cors_origin[0])
        return;
    response_header(request, "Access-Control-Allow-Origin", config->cors_origin, &e);
    response_header(request, "Access-Control-Expose-Headers",
                    "X-Request-Id, X-Result-Id, Retry-After, Content-Disposition", &e);
    response_header(request, "Vary", "Origin", &e);
}

static void add_default(struct request *request, const char *name, const char *value)
{
    struct err e = {0};
    if (!MHD_get_response_header(request->response, name))
        response_header(request, name, value, &e);
}

static enum MHD_Result send_response(struct request *request)
{
    add_default(request, "X-Request-Id", request->id);
    add_default(request, "X-Content-Type-Options", "nosniff");
    add_default(request, "Referrer-Policy", "no-referrer");
    add_default(request, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    add_default(request, "Cache-Control", "no-store");
    add_cors(request);
    if (request->early || atomic_load(&request->server->draining))
        add_default(request, "Connection", "close");
    return MHD_queue_response(request->connection, request->status, request->response);
}

/* The answer when there is no memory for an answer. */
static enum MHD_Result send_last_words(struct MHD_Connection *connection)
{
    static const char text[] = "{\"type\":\"urn:curvelogd:problem:no-memory\",\"title\":\"Not enough memory\","
                               "\"status\":503,\"detail\":\"There is no memory for the request.\"}";
    struct MHD_Response *response =
        MHD_create_response_from_buffer(sizeof text - 1, (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", PROBLEM_TYPE);
    MHD_add_response_header(response, "Retry-After", "10");
    MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result result = MHD_queue_response(connection, 503, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_problem(struct request *request, const struct err *failure)
{
    if (failure->code == ERR_CANCELLED && !atomic_load(&request->server->draining))
        return MHD_NO;   /* the client is gone */
    if (!response_problem(request, failure))
        return send_last_words(request->connection);
    return send_response(request);
}

/* --- before the body --- */

/* The Content-Length, 0 without one; false when it is no number.  *chunked: a body of unknown length. */
static bool body_length(const struct request *request, unsigned long long *length, bool *chunked)
{
    const char *text = request_header(request, "Content-Length");
    *chunked = request_header(request, "Transfer-Encoding") != NULL;
    *length = 0;
    if (!text)
        return true;
    char *end;
    errno = 0;
    *length = strtoull(text, &end, 10);
    return !errno && end != text && !*end && text[0] != '-';
}

static enum err_code too_large(const struct request *request, struct err *e)
{
    if (request->route->body == BODY_STREAM)
        return err_set(e, ERR_TOO_LARGE,
                       "The body is over the limit of %.6g MB; a larger scan is sent by POST /uploads.",
                       (double)request->max_body / 1e6);
    return err_set(e, ERR_TOO_LARGE, "The body is over the limit of %.6g MB.", (double)request->max_body / 1e6);
}

static enum err_code check_key(struct request *request, struct err *e)
{
    const struct auth *auth = request->server->auth;
    if (!auth || !request->route->needs_key ||
        auth_check(auth, request_header(request, "Authorization"), request_header(request, "X-Api-Key"),
                   request->key_name))
        return ERR_OK;
    return err_set(e, ERR_UNAUTHORIZED, "Send one of the server's keys as Authorization: Bearer KEY or X-Api-Key.");
}

/* Routes the request and lets the route refuse it. */
static enum err_code open_request(struct request *request, char allow[ROUTES_ALLOW_MAX], struct err *e)
{
    unsigned long long length;
    bool chunked;
    enum err_code code = routes_find(request->method, request->path, &request->route, &request->tail, allow, e);
    if (!body_length(request, &length, &chunked))
        code = err_set(e, ERR_MALFORMED, "The Content-Length is not a number.");
    request->early = length || chunked;   /* until the body is read */
    if (!code)
        code = check_key(request, e);
    if (!code) {
        request->max_body = request->route->max_body ? request->route->max_body : UNWANTED_BODY;
        if (request->route->begin)
            code = request->route->begin(request, e);
    }
    if (!code && length > request->max_body)
        code = too_large(request, e);
    return code;
}

static enum MHD_Result answer_options(struct request *request, const char *allow)
{
    struct err e = {0};
    /* Not 204: an empty body has hung streaming gateways. */
    if (response_bytes(request, 200, "text/plain; charset=utf-8", "ok\n", 3, &e))
        return MHD_NO;
    response_header(request, "Allow", allow, &e);
    if (request->server->config.cors_origin[0]) {
        response_header(request, "Access-Control-Allow-Methods", allow, &e);
        response_header(request, "Access-Control-Allow-Headers",
                        "Content-Type, Authorization, X-Api-Key, X-Request-Id, Idempotency-Key", &e);
        response_header(request, "Access-Control-Max-Age", "600", &e);
    }
    return send_response(request);
}

static enum MHD_Result begin_request(struct request *request)
{
    struct err e = {0};
    char allow[ROUTES_ALLOW_MAX] = "";
    enum err_code code = open_request(request, allow, &e);
    if (code == ERR_METHOD && strcmp(request->method, "OPTIONS") == 0)
        return answer_options(request, allow);
    if (!code)
        return MHD_YES;
    if (!response_problem(request, &e))
        return send_last_words(request->connection);
    struct err ignored = {0};
    if (code == ERR_METHOD)
        response_header(request, "Allow", allow, &ignored);
    if (code == ERR_UNAUTHORIZED)
        response_header(request, "WWW-Authenticate", "Bearer", &ignored);
    return send_response(request);
}

/* --- the body --- */

static enum err_code keep_in_memory(struct request *request, const char *bytes, size_t n, struct err *e)
{
    char *body = realloc(request->body, request->body_size + n + 1);
    if (!body)
        return err_memory(e, "the request's body");
    memcpy(body + request->body_size, bytes, n);
    request->body = body;
    request->body_size += n;
    body[request->body_size] = 0;
    return ERR_OK;
}

static enum MHD_Result take_data(struct request *request, const char *bytes, size_t n)
{
    request->bytes_in += n;
    if (request->refused.code)
        return request->bytes_in > request->max_body + DROP_LIMIT ? MHD_NO : MHD_YES;
    if (request->bytes_in > request->max_body)
        too_large(request, &request->refused);
    else if (request->route->body == BODY_STREAM)
        request->route->data(request, bytes, n, &request->refused);
    else if (request->route->body == BODY_MEMORY)
        keep_in_memory(request, bytes, n, &request->refused);
    return MHD_YES;
}

static enum MHD_Result finish_request(struct request *request)
{
    struct err e = request->refused;
    request->early = false;
    request->body_ns = job_now_ns();
    if (!e.code && !request->route->handle(request, &e))
        return send_response(request);
    return send_problem(request, &e);
}

static enum MHD_Result on_access(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *data, size_t *data_size, void **state)
{
    (void)version;
    struct request *request = *state;
    if (!request) {
        request = *state = request_new(cls, connection, method, url);
        return request ? begin_request(request) : send_last_words(connection);
    }
    if (!*data_size)
        return finish_request(request);
    enum MHD_Result result = take_data(request, data, *data_size);
    *data_size = 0;
    return result;
}

/* --- after the response --- */

/* The client may still be sending what was refused: closing now would reset the connection and lose the
 * answer on its way.  Reads on for a while (nginx calls this a lingering close). */
static void linger(int fd)
{
    char bytes[16384];
    int64_t until = job_now_ns() + (int64_t)LINGER_MS * 1000000;
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    shutdown(fd, SHUT_WR);
    while (job_now_ns() < until && poll(&poll_fd, 1, LINGER_IDLE_MS) > 0)
        if (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) <= 0)
            break;
}

/* Bytes that are no text in JSON become '?'. */
static void printable(const char *text, char *out, size_t size)
{
    size_t i = 0;
    for (; text[i] && i + 1 < size; i++)
        out[i] = (unsigned char)text[i] < 32 || (unsigned char)text[i] > 126 ? '?' : text[i];
    out[i] = 0;
}

static void log_request(const struct request *request, double seconds, bool completed)
{
    const struct log *log = &request->server->log;
    bool quiet = request->route && request->route->quiet && request->status < 400;
    enum log_level level = quiet ? LOG_DEBUG : LOG_INFO;
    if (level < log->level)
        return;
    char path[256];
    printable(request->path, path, sizeof path);
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "id", request->id);
    cJSON_AddStringToObject(line, "method", request->method);
    cJSON_AddStringToObject(line, "path", path);
    cJSON_AddNumberToObject(line, "status", request->status ? request->status : 499);
    cJSON_AddNumberToObject(line, "ms", (double)(long long)(seconds * 1e4) / 10);
    cJSON_AddNumberToObject(line, "bytes_in", (double)request->bytes_in);
    cJSON_AddNumberToObject(line, "bytes", (double)request->bytes_out);
    if (request->key_name[0])
        cJSON_AddStringToObject(line, "key", request->key_name);
    if (!completed)
        cJSON_AddTrueToObject(line, "aborted");
    while (request->note && request->note->child) {
        cJSON *member = cJSON_DetachItemViaPointer(request->note, request->note->child);
        if (!cJSON_AddItemToObject(line, member->string, member))
            cJSON_Delete(member);
    }
    log_write(log, level, "request", line);
    cJSON_Delete(line);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode why)
{
    (void)connection;
    struct http *http = cls;
    struct request *request = *state;
    if (!request)
        return;
    *state = NULL;
    double seconds = (double)(job_now_ns() - request->started_ns) / 1e9;
    if (request->route && request->route->end)
        request->route->end(request);
    metrics_request(http->server->metrics, request->route ? request->route->label : "none",
                    request->status ? request->status : 499, seconds, request->bytes_in);
    log_request(request, seconds, why == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    bool sent = why == MHD_REQUEST_TERMINATED_COMPLETED_OK;
    if (request->early && sent && !request_header(request, "Expect"))
        linger(request_socket(request));
    if (request->response)
        MHD_destroy_response(request->response);
    cJSON_Delete(request->note);
    free(request->body);
    free(request);
    count_active(http, -1);
}

/* --- the daemon --- */

static void on_log(void *cls, const char *format, va_list args)
{
    const struct http *http = cls;
    char text[512];
    vsnprintf(text, sizeof text, format, args);
    text[strcspn(text, "\n")] = 0;
    log_text(&http->server->log, LOG_DEBUG, "libmicrohttpd: %s", text);
}

static enum err_code start_daemon(struct http *http, const struct config *config, const struct addrinfo *address,
                                  struct err *e)
{
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC |
                     MHD_USE_ERROR_LOG;
    if (address->ai_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    errno = 0;
    http->daemon = MHD_start_daemon(
        flags, (uint16_t)config->port, NULL, NULL, on_access, http, MHD_OPTION_EXTERNAL_LOGGER, on_log, http,
        MHD_OPTION_SOCK_ADDR, address->ai_addr, MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)config->max_connections, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)config->idle_timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u, MHD_OPTION_END);
    if (!http->daemon)
        return err_set(e, ERR_UNAVAILABLE, "Cannot listen on %s port %lld: %s.", config->bind, config->port,
                       errno ? strerror(errno) : "libmicrohttpd refused");
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
    http->port = info ? info->port : (int)config->port;
    return ERR_OK;
}

enum err_code http_start(struct http **out, struct server *server, struct err *e)
{
    const struct config *config = &server->config;
    char port[16];
    snprintf(port, sizeof port, "%lld", config->port);
    struct addrinfo *address = NULL;
    struct addrinfo hints = {
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC};
    if (getaddrinfo(config->bind, port, &hints, &address))
        return err_field(e, ERR_INVALID, "BIND", "BIND must be a numeric IPv4 or IPv6 address, not \"%.60s\".",
                         config->bind);
    struct http *http = calloc(1, sizeof *http);
    enum err_code code = http ? ERR_OK : err_memory(e, "the HTTP server");
    if (!code) {
        http->server = server;
        pthread_mutex_init(&http->mutex, NULL);
        pthread_condattr_t monotonic;
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_cond_init(&http->idle, &monotonic);
        pthread_condattr_destroy(&monotonic);
        code = start_daemon(http, config, address, e);
    }
    freeaddrinfo(address);
    if (code)
        free(http);
    else
        *out = http;
    return code;
}

int http_port(const struct http *http)
{
    return http->port;
}

int http_connections(const struct http *http)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info ? (int)info->num_connections : 0;
}

void http_stop_accepting(struct http *http)
{
    int fd = MHD_quiesce_daemon(http->daemon);
    if (fd >= 0)
        close(fd);
}

void http_drain(struct http *http, int64_t until_ns)
{
    struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000), .tv_nsec = (long)(until_ns % 1000000000)};
    pthread_mutex_lock(&http->mutex);
    while (http->active)
        if (pthread_cond_timedwait(&http->idle, &http->mutex, &until) == ETIMEDOUT)
            break;
    pthread_mutex_unlock(&http->mutex);
}

void http_stop(struct http *http)
{
    MHD_stop_daemon(http->daemon);
    pthread_cond_destroy(&http->idle);
    pthread_mutex_destroy(&http->mutex);
    free(http);
}

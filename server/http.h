/* HTTP over libmicrohttpd: one thread a connection; requests are matched to routes, checked, read and
 * answered here, so that a route sees only its own matter.
 *
 * A request passes through begin (headers are there; may refuse), data (for streamed bodies, piece by
 * piece), handle (the body is there; makes the response) and end (frees the route's state).  What any of
 * them fails with becomes a problem document; the rest of a refused body is read and dropped. */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include <cjson/cJSON.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "server/server.h"

enum body_kind {
    BODY_NONE,     /* a body is read and dropped */
    BODY_MEMORY,   /* gathered in request->body, at most route->max_body bytes */
    BODY_STREAM    /* given to route->data; begin sets request->max_body */
};

struct request;

struct route {
    const char *method;      /* GET answers HEAD too */
    const char *path;        /* exact, or a prefix that ends with '*': request->tail is what follows */
    const char *label;       /* in the metrics */
    bool needs_key;          /* an API key, where the server has keys */
    bool quiet;              /* successes are logged at debug level only */
    enum body_kind body;
    unsigned long long max_body;
    enum err_code (*begin)(struct request *request, struct err *e);      /* may be NULL */
    enum err_code (*data)(struct request *request, const char *bytes, size_t n, struct err *e);
    enum err_code (*handle)(struct request *request, struct err *e);
    void (*end)(struct request *request);                                /* may be NULL */
};

struct request {
    struct server *server;
    struct MHD_Connection *connection;
    const struct route *route;
    const char *method, *path, *tail;   /* decoded; the tail is "" for an exact route */
    char id[65];                        /* X-Request-Id */
    char key_name[64];                  /* whose API key it came with, or "" */
    int64_t started_ns, body_ns;        /* first seen; body complete */
    char *body; size_t body_size;       /* BODY_MEMORY, 0-terminated */
    unsigned long long bytes_in, max_body;
    void *state;                        /* the route's own */
    cJSON *note;                        /* more members for the log line, or NULL */
    /* The response, once it is made. */
    unsigned status;
    struct MHD_Response *response;
    unsigned long long bytes_out;
    struct err refused;                 /* why the body is being dropped */
    bool early;                         /* answered before the body was read */
};

/* Starts to listen as server->config says.  On success *out is the caller's.  ERR_UNAVAILABLE with the
 * reason (port in use, bad address). */
enum err_code http_start(struct http **out, struct server *server, struct err *e);

/* The port that is listened on. */
int http_port(const struct http *http);

/* Open connections now. */
int http_connections(const struct http *http);

/* Accepts no more connections; those open go on, and are closed after their next response. */
void http_stop_accepting(struct http *http);

/* Waits until no request is in work, or `until_ns` has come. */
void http_drain(struct http *http, int64_t until_ns);

/* Closes all connections, joins their threads and frees. */
void http_stop(struct http *http);

/* A request header's value, or NULL. */
const char *request_header(const struct request *request, const char *name);

/* The first value of a query parameter, or NULL. */
const char *request_query(const struct request *request, const char *name);

/* The socket's descriptor, to see whether the client is still there. */
int request_socket(const struct request *request);

#endif

#include "server/health.h"

#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/response.h"

enum { PROBE_NS = 1000000000, CHECK_SECONDS = 2 };

struct health {
    pthread_mutex_t mutex;
    int64_t probed_ns;   /* 0: never */
    struct err store;    /* what the probe said */
};

enum err_code health_create(struct health **out, struct err *e)
{
    struct health *health = calloc(1, sizeof *health);
    if (!health)
        return err_memory(e, "the health checks");
    pthread_mutex_init(&health->mutex, NULL);
    *out = health;
    return ERR_OK;
}

void health_free(struct health *health)
{
    if (!health)
        return;
    pthread_mutex_destroy(&health->mutex);
    free(health);
}

enum err_code health_live(struct request *request, struct err *e)
{
    static const char text[] = "{\"status\":\"ok\"}\n";
    return response_bytes(request, 200, "application/json", text, sizeof text - 1, e);
}

static void probe_store(struct server *server, struct err *out)
{
    struct health *health = server->health;
    pthread_mutex_lock(&health->mutex);
    if (!health->probed_ns || job_now_ns() - health->probed_ns > PROBE_NS) {
        err_clear(&health->store);
        server->store->vtable->probe(server->store, &health->store);
        health->probed_ns = job_now_ns();
    }
    *out = health->store;
    pthread_mutex_unlock(&health->mutex);
}

static bool add_part(cJSON *json, const char *name, const char *state, const char *detail)
{
    cJSON *part = cJSON_AddObjectToObject(json, name);
    return part && cJSON_AddStringToObject(part, "state", state) &&
           (!*detail || cJSON_AddStringToObject(part, "detail", detail));
}

enum err_code health_ready(struct request *request, struct err *e)
{
    struct server *server = request->server;
    struct err store = {0};
    struct models_state model;
    models_default_state(server->models, &model);
    probe_store(server, &store);
    bool draining = atomic_load(&server->draining);
    bool model_ready = model.loaded || (!server->config.preload && !model.failed);
    bool ready = model_ready && !store.code && !draining;
    const char *model_word = model.loaded ? "loaded" : model.failed ? "refused" : model.reason[0] ? "missing" : "not loaded yet";
    cJSON *json = cJSON_CreateObject();
    bool ok = json && cJSON_AddBoolToObject(json, "ready", ready) && add_part(json, "model", model_word, model.reason) &&
              add_part(json, "store", store.code ? "failing" : "writable", store.text) &&
              (!draining || cJSON_AddTrueToObject(json, "draining"));
    enum err_code code = ok ? response_json(request, ready ? 200 : 503, json, e) : err_memory(e, "the readiness");
    cJSON_Delete(json);
    return !code && !ready ? response_header(request, "Retry-After", "2", e) : code;
}

bool health_check(const char *bind, int port)
{
    char service[16], text[256], answer[16] = "";
    /* A wildcard address is not one to connect to. */
    bool any = strcmp(bind, "0.0.0.0") == 0 || strcmp(bind, "::") == 0;
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *address;
    snprintf(service, sizeof service, "%d", port);
    if (getaddrinfo(any ? "127.0.0.1" : bind, service, &hints, &address))
        return false;
    struct timeval limit = {.tv_sec = CHECK_SECONDS};
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
              setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0 &&
              connect(fd, address->ai_addr, address->ai_addrlen) == 0;
    freeaddrinfo(address);
    int n = snprintf(text, sizeof text, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    ok = ok && send(fd, text, (size_t)n, MSG_NOSIGNAL) == n && recv(fd, answer, sizeof answer - 1, MSG_WAITALL) > 12;
    if (fd >= 0)
        close(fd);
    return ok && strncmp(answer, "HTTP/1.1 200", 12) == 0;
}

/* GET /healthz, GET /readyz, and the client that asks for them from inside a container. */
#ifndef SERVER_HEALTH_H
#define SERVER_HEALTH_H

#include "server/http.h"

/* Remembers the store's last probe for a moment, since platforms ask many times a second. */
enum err_code health_create(struct health **out, struct err *e);
void health_free(struct health *health);

/* Alive: 200 as long as requests are answered at all. */
enum err_code health_live(struct request *request, struct err *e);

/* Able to take work, else 503: the store takes writes; the default model is loaded if PRELOAD says so,
 * else has not been refused; not shutting down.  Loads nothing. */
enum err_code health_ready(struct request *request, struct err *e);

/* Whether GET /healthz on the port of this host answers 200 within two seconds. */
bool health_check(const char *bind, int port);

#endif

/* POST /digitize: from the request's body to a queued job, and its result back as JSON, as a file or as
 * server-sent events. */
#ifndef SERVER_DIGITIZE_ROUTE_H
#define SERVER_DIGITIZE_ROUTE_H

#include "server/http.h"

enum err_code digitize_route_begin(struct request *request, struct err *e);
enum err_code digitize_route_data(struct request *request, const char *bytes, size_t n, struct err *e);
enum err_code digitize_route_handle(struct request *request, struct err *e);
void digitize_route_end(struct request *request);

/* CLOCK_MONOTONIC by which the request's jobs must have ended: DEADLINE_S, or what Lambda leaves if that
 * is less. */
int64_t digitize_route_deadline(const struct request *request);

/* Waits for a job, the deadline or the client's going away; `e` says how the job failed.  After another
 * failure than the job's own it may still be running. */
enum err_code digitize_route_wait(struct request *request, struct ticket *ticket, int64_t deadline_ns, struct err *e);

#endif

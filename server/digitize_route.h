/* POST /digitize: from the request's body to a queued job, and its result back as JSON, as a file or as
 * server-sent events. */
#ifndef SERVER_DIGITIZE_ROUTE_H
#define SERVER_DIGITIZE_ROUTE_H

#include "server/http.h"

enum err_code digitize_route_begin(struct request *request, struct err *e);
enum err_code digitize_route_data(struct request *request, const char *bytes, size_t n, struct err *e);
enum err_code digitize_route_handle(struct request *request, struct err *e);
void digitize_route_end(struct request *request);

#endif

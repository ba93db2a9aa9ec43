/* POST /uploads: an address for a large scan.  PUT /uploads/KEY: that address, where the store is a folder. */
#ifndef SERVER_UPLOAD_ROUTE_H
#define SERVER_UPLOAD_ROUTE_H

#include "server/http.h"

/* The body is empty or {"name":"well.tif"}; the name may come in the query too. */
enum err_code upload_route_create(struct request *request, struct err *e);

enum err_code upload_route_begin(struct request *request, struct err *e);
enum err_code upload_route_data(struct request *request, const char *bytes, size_t n, struct err *e);
enum err_code upload_route_handle(struct request *request, struct err *e);
void upload_route_end(struct request *request);

#endif

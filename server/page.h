/* The files of the demo page, from STATIC_DIR. */
#ifndef SERVER_PAGE_H
#define SERVER_PAGE_H

#include "server/http.h"

/* GET / and every path that is no other route's: STATIC_DIR/index.html and the files beside it.  Names
 * that begin with a dot are not served.  ERR_NOT_FOUND. */
enum err_code page_handle(struct request *request, struct err *e);

#endif

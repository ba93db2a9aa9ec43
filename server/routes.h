/* The table of what is answered. */
#ifndef SERVER_ROUTES_H
#define SERVER_ROUTES_H

#include "server/http.h"

enum { ROUTES_ALLOW_MAX = 64 };

/* Finds the route of a method and a path.  *tail points into `path`.  ERR_NOT_FOUND; ERR_METHOD, when
 * `allow` lists the methods that the path has ("GET, HEAD, POST"). */
enum err_code routes_find(const char *method, const char *path, const struct route **route, const char **tail,
                          char allow[ROUTES_ALLOW_MAX], struct err *e);

#endif

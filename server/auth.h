/* API keys: a file of NAME:KEY lines ('#' begins a comment), sent as "Authorization: Bearer KEY" or
 * "X-Api-Key: KEY". */
#ifndef SERVER_AUTH_H
#define SERVER_AUTH_H

#include <stdbool.h>

#include "base/err.h"

enum { AUTH_NAME_MAX = 64, AUTH_KEY_MIN = 16 };

struct auth;

/* Reads the file.  On success *out is the caller's.  ERR_INVALID naming the line that is wrong. */
enum err_code auth_load(struct auth **out, const char *path, struct err *e);
void auth_free(struct auth *auth);

/* Whether one of the two headers (each may be NULL) carries a key of the file; writes its name.  Takes
 * the same time for every wrong key. */
bool auth_check(const struct auth *auth, const char *authorization, const char *api_key, char name[AUTH_NAME_MAX]);

#endif

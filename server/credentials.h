/* AWS credentials, looked for in the SDKs' order: environment, container endpoint (ECS, EKS Pod Identity),
 * shared credentials file ("Standardized credential providers" in the AWS SDKs and Tools guide).
 *
 * Those that expire are fetched anew well before they do, by one thread, while all others go on with the
 * ones they have. */
#ifndef SERVER_CREDENTIALS_H
#define SERVER_CREDENTIALS_H

#include <time.h>

#include "base/err.h"

enum { CREDENTIALS_TOKEN_MAX = 4096 };

struct credentials {
    char access_key[129], secret_key[129];
    char session_token[CREDENTIALS_TOKEN_MAX];   /* "": none */
    time_t expires;                              /* seconds since the epoch; 0: never */
};

struct credentials_source;

/* Decides from the environment where credentials come from; fetches none yet.  ERR_INVALID when the
 * environment is contradictory (a key without its secret, an endpoint that is not allowed);
 * ERR_STORE when nothing is set up.  On success *out is the caller's.  Reads the environment: call it
 * at start, before there are threads. */
enum err_code credentials_open(struct credentials_source **out, struct err *e);
void credentials_close(struct credentials_source *source);

/* Credentials that are valid now.  ERR_STORE, saying what the source answered.  Thread-safe. */
enum err_code credentials_get(struct credentials_source *source, struct credentials *out, struct err *e);

/* The store said that these are not valid any more: the next credentials_get fetches new ones if it
 * would have given the same. */
void credentials_reject(struct credentials_source *source, const struct credentials *rejected);

/* "environment", "container endpoint" or "credentials file", for the log. */
const char *credentials_kind(const struct credentials_source *source);

#endif

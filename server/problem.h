/* Errors as problem documents (RFC 9457). */
#ifndef SERVER_PROBLEM_H
#define SERVER_PROBLEM_H

#include "base/err.h"

#define PROBLEM_TYPE "application/problem+json"

/* The HTTP status of a failure, 400..599.  ERR_CANCELLED is 499, which nobody reads. */
unsigned problem_status(enum err_code code);

/* The document as text, with `instance` (the request's id) in it; the caller frees it.  NULL only when
 * there is no memory even for this. */
char *problem_text(const struct err *e, const char *instance);

/* Seconds for Retry-After, or 0 where retrying later is no help. */
int problem_retry_after(enum err_code code);

#endif

/* AWS Signature Version 4, for headers and for presigned URLs ("Signature Version 4 signing process" and
 * "Authenticating Requests (AWS Signature Version 4)" in the S3 API reference).
 *
 * Paths are signed as S3 signs them: each byte encoded once, nothing normalised. */
#ifndef SERVER_SIGV4_H
#define SERVER_SIGV4_H

#include <stddef.h>
#include <time.h>

#include "base/err.h"

enum { SIGV4_MAX_PAIRS = 16, SIGV4_HASH_SIZE = 65, SIGV4_AUTHORIZATION_MAX = 1024 };

#define SIGV4_UNSIGNED "UNSIGNED-PAYLOAD"

struct sigv4_pair { const char *name, *value; };

/* A request as it is before any encoding.  Strings are borrowed. */
struct sigv4_request {
    const char *method;
    const char *host;          /* the Host header: name, and the port where it is not the scheme's own */
    const char *path;          /* from "/" */
    struct sigv4_pair query[SIGV4_MAX_PAIRS]; size_t n_query;
    struct sigv4_pair headers[SIGV4_MAX_PAIRS]; size_t n_headers;   /* all are signed; Host is not among them */
    const char *payload;       /* the body's SHA-256 in hex, or SIGV4_UNSIGNED */
};

struct sigv4_signer {
    const char *access_key, *secret_key;
    const char *session_token;  /* NULL or "": none */
    const char *region, *service;
    time_t now;
};

/* Holds the strings that signing adds to a request: it must live as long as the request. */
struct sigv4_signature {
    char date[17];                                /* 20130524T000000Z */
    char credential[256];
    char expires[16];
    char signed_headers[512];
    char hex[SIGV4_HASH_SIZE];
    char authorization[SIGV4_AUTHORIZATION_MAX];
};

/* Adds X-Amz-Date, X-Amz-Security-Token and Authorization to the request's headers: all of them must be
 * sent.  ERR_INTERNAL when something does not fit. */
enum err_code sigv4_sign(struct sigv4_request *request, const struct sigv4_signer *signer,
                         struct sigv4_signature *signature, struct err *e);

/* Adds the X-Amz-* parameters of a presigned URL to the request's query; `expires` is in seconds, at most
 * a week.  Whoever uses the URL must send the request's headers with it. */
enum err_code sigv4_presign(struct sigv4_request *request, const struct sigv4_signer *signer, int expires,
                            struct sigv4_signature *signature, struct err *e);

/* Writes the request's path and query as they go on the wire.  ERR_INVALID when they do not fit. */
enum err_code sigv4_target(const struct sigv4_request *request, char *out, size_t size, struct err *e);

/* SHA-256 of `n` bytes, in lower-case hex. */
enum err_code sigv4_hash(const void *data, size_t n, char hex[SIGV4_HASH_SIZE], struct err *e);

/* Lower-case hex of `n` bytes, and a NUL: hex: [2 n + 1]. */
void sigv4_hex(const unsigned char *bytes, size_t n, char *hex);

#endif

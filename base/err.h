/* Error codes and the explicit error context that every fallible call fills.
 *
 * A function that can fail returns an enum err_code, 0 (ERR_OK) on success, and describes the
 * failure in the caller's struct err.  The first description wins: a caller that only passes a
 * failure up returns the code and leaves the text alone.  server/problem.c is the one place that
 * turns a struct err into an HTTP problem document (RFC 9457). */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

enum err_code {
    ERR_OK = 0,
    ERR_MALFORMED,     /* 400: the request cannot be read */
    ERR_UNAUTHORIZED,  /* 401 */
    ERR_FORBIDDEN,     /* 403 */
    ERR_NOT_FOUND,     /* 404 */
    ERR_METHOD,        /* 405 */
    ERR_CONFLICT,      /* 409 */
    ERR_GONE,          /* 410: expired */
    ERR_TOO_LARGE,     /* 413 */
    ERR_UNSUPPORTED,   /* 415: not a TIFF, or a kind that is not read */
    ERR_INVALID,       /* 422: a value that cannot be right */
    ERR_TOO_MANY,      /* 429, with Retry-After */
    ERR_CANCELLED,     /* the client went away; nobody reads the answer */
    ERR_INTERNAL,      /* 500 */
    ERR_STORE,         /* 502: the store refused or failed */
    ERR_NO_MEMORY,     /* 503, with Retry-After */
    ERR_UNAVAILABLE,   /* 503: no model, overload, shutting down */
    ERR_DEADLINE,      /* 504 */
    ERR_DISK_FULL      /* 507 */
};

struct err {
    enum err_code code;
    char field[48];   /* the request field that is wrong, or "" */
    char text[512];   /* one sentence for the user, no newline */
};

/* Records a failure and returns `code`.  Keeps an earlier record.  `e` is never NULL. */
enum err_code err_set(struct err *e, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, naming the request field that is wrong. */
enum err_code err_field(struct err *e, enum err_code code, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ERR_NO_MEMORY with a standard sentence; `what` names what was being allocated. */
enum err_code err_memory(struct err *e, const char *what);

/* Whether a failed write's errno says that there is no room left: on the disk, in the quota or for so large a file. */
bool err_no_room(int error);

/* Forgets the record, so that the context can be used again. */
void err_clear(struct err *e);

#endif

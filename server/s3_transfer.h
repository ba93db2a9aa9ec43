/* One attempt at one S3 request. */
#ifndef SERVER_S3_TRANSFER_H
#define SERVER_S3_TRANSFER_H

#include <stdbool.h>

#include "base/job.h"
#include "server/s3_error.h"

struct s3_transfer {
    const char *url;
    struct curl_slist *headers;
    bool put; int from_fd; curl_off_t from_size;        /* the body of a PUT; from_size 0: from_fd is not used */
    int to_fd; unsigned long long max_bytes;            /* where a GET's body goes */
    int connect_ms, stall_s;
    const struct job *job;                              /* may be NULL */

    struct s3_reply reply;
    unsigned long long received;
    bool too_large; int write_errno;                    /* why the body was not taken, else false and 0 */
};

/* Fills the reply and what follows it.  Both files are read and written from their beginning. */
void s3_transfer_run(CURL *curl, struct s3_transfer *transfer);

#endif

/* What a failed S3 request means, and whether asking again may help ("Error responses" in the S3 API
 * reference). */
#ifndef SERVER_S3_ERROR_H
#define SERVER_S3_ERROR_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/err.h"

enum { S3_BODY_MAX = 4096 };

/* What came back from one attempt. */
struct s3_reply {
    CURLcode result;          /* the transfer's */
    long status;              /* HTTP; 0: none */
    char body[S3_BODY_MAX]; size_t body_n;   /* of a refusal */
    char code[64];            /* <Code> of it, or "" */
    char region[64];          /* x-amz-bucket-region, or "" */
    time_t date;              /* the store's clock; 0: not told */
};

enum s3_verdict { S3_DONE, S3_AGAIN, S3_RENEW, S3_FAILED };

/* Fills reply->code, and says what to do: S3_AGAIN after a pause, S3_RENEW with new credentials. */
enum s3_verdict s3_error_judge(struct s3_reply *reply);

/* Describes a reply that is not S3_DONE in a sentence that names `host` and `bucket`.  ERR_NOT_FOUND for
 * an object that was asked for and is not there, else ERR_STORE. */
enum err_code s3_error_set(struct err *e, const struct s3_reply *reply, const char *host, const char *bucket,
                           bool asked_for_object);

#endif

/* Where a bucket is: scheme, host and the path before an object's key. */
#ifndef SERVER_S3_ADDRESS_H
#define SERVER_S3_ADDRESS_H

#include <stdbool.h>

#include "base/err.h"

enum { S3_BUCKET_MAX = 64, S3_PREFIX_MAX = 256 };

struct s3_address {
    char base[320];   /* "https://host:port", no slash at its end */
    char host[300];   /* as in the Host header */
    char path[80];    /* "/bucket" in path style, else "" */
};

/* `endpoint` is a URL without a path, or "" for AWS in `region`.  In path style the bucket is the path's
 * first part; else, and on AWS unless the bucket's name has dots (which no certificate covers), it is the
 * host's first part.  ERR_INVALID, naming what is wrong. */
enum err_code s3_address_make(struct s3_address *out, const char *endpoint, const char *bucket, const char *region,
                              bool virtual_host, struct err *e);

/* Takes "s3://bucket/prefix" apart; the prefix comes out as "" or with a slash at its end.  ERR_INVALID. */
enum err_code s3_address_parse(const char *url, char bucket[S3_BUCKET_MAX], char prefix[S3_PREFIX_MAX], struct err *e);

#endif

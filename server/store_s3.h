/* The store in an S3 bucket: PREFIX/results/ID/FILE, PREFIX/uploads/… for scans to come. */
#ifndef SERVER_STORE_S3_H
#define SERVER_STORE_S3_H

#include "server/s3_client.h"
#include "server/store.h"

struct store_s3_config {
    const char *url;               /* s3://bucket/prefix */
    const char *endpoint;          /* "" : AWS */
    const char *public_endpoint;   /* the endpoint as clients reach it, for presigned URLs; "": the same */
    int virtual_host;              /* 1: the bucket is the host's first part, at an endpoint too */
    const char *region;            /* "" : us-east-1 */
    const char *tmp_dir;           /* results are staged there */
    int result_url_s, upload_url_s;
};

/* Makes no request: a store that is down at start is told by `probe`.  ERR_INVALID for a setting that is
 * wrong, ERR_STORE when there are no credentials.  Reads the environment for them.  On success *out is
 * the caller's, freed through its vtable. */
enum err_code store_s3_open(struct store **out, const struct store_s3_config *config, struct err *e);

/* The key of an object of the bucket as `fetch` takes it: without the prefix.  NULL when it is not under
 * the prefix.  For S3's notifications. */
const char *store_s3_relative_key(const struct store *store, const char *bucket, const char *object_key);

#endif

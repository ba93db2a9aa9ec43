/* Objects of one bucket over S3's REST interface: libcurl carries what sigv4.h signs.  Thread-safe. */
#ifndef SERVER_S3_CLIENT_H
#define SERVER_S3_CLIENT_H

#include <stddef.h>

#include "base/err.h"
#include "base/job.h"
#include "server/credentials.h"
#include "server/s3_address.h"

struct s3_client;

struct s3_config {
    struct s3_address address;    /* where the server reaches the bucket */
    struct s3_address shown;      /* where a client does: in presigned URLs */
    char bucket[S3_BUCKET_MAX], region[64];
    int attempts;                 /* >= 1 */
    int backoff_ms;               /* the first pause's mean; doubled each time, up to 5 s */
    int connect_ms, stall_s;      /* an attempt is given up after so long without a connection, or a byte */
};

/* Makes no request.  `credentials` is borrowed and must outlive the client.  On success *out is the
 * caller's. */
enum err_code s3_open(struct s3_client **out, const struct s3_config *config, struct credentials_source *credentials,
                      struct err *e);
void s3_close(struct s3_client *client);

/* The requests.  Each is tried again, with growing random pauses, after what may pass (500, 503, 429,
 * timeouts, dropped connections, expired credentials) until the attempts or the job's time are used up.
 * ERR_NOT_FOUND, ERR_STORE with a sentence (s3_error.h), the job's errors.  `job` may be NULL. */

/* Stores a local file.  ERR_INTERNAL when it cannot be read. */
enum err_code s3_put_file(struct s3_client *client, const char *key, const char *path, const char *content_type,
                          const struct job *job, struct err *e);

/* Stores an empty object, in one attempt. */
enum err_code s3_put_empty(struct s3_client *client, const char *key, const struct job *job, struct err *e);

/* Streams an object into a file open for writing, from its beginning.  ERR_TOO_LARGE over max_bytes,
 * ERR_DISK_FULL.  After a failure the file's content is undefined. */
enum err_code s3_get(struct s3_client *client, const char *key, int fd, unsigned long long max_bytes,
                     const struct job *job, struct err *e);

/* The origin of presigned URLs; lives as long as the client. */
const char *s3_origin(const struct s3_client *client);

/* Shortens *seconds to what the present credentials have left to live, where that is known: those of a container
 * endpoint tell, those in the environment do not. */
enum err_code s3_presign_life(struct s3_client *client, int *seconds, struct err *e);

/* A URL by which anybody may `method` the object for `seconds`, or for as long as the credentials live if
 * that is shorter; X-Amz-Expires says the shorter of the two where it is known.  ERR_INVALID when it does not fit. */
enum err_code s3_presign(struct s3_client *client, const char *method, const char *key, int seconds, char *url,
                         size_t size, struct err *e);

#endif

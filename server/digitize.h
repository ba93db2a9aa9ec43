/* One scan from where it lies to its published result; the same for a request and for a message of a
 * queue.  Runs on a job's thread. */
#ifndef SERVER_DIGITIZE_H
#define SERVER_DIGITIZE_H

#include <cjson/cJSON.h>

#include "server/fields.h"
#include "server/server.h"
#include "server/spool.h"

struct digitize_input {
    struct digitize_options options;
    struct spool scan;               /* SPOOL_NONE: fetched from the store by options.key */
    char id[STORE_ID_MAX];           /* the result's */
    int64_t started_ns, queued_ns;   /* the request's first byte; ready to be worked on */
};

struct digitize_output {
    cJSON *reply;                    /* what POST /digitize replies */
    cJSON *note;                     /* for the log line: model, result, cold_start, stages */
    int fd;                          /* the artifact that options.format names, open; -1 for JSON */
};

/* Prepares an input that holds nothing. */
void digitize_input_init(struct digitize_input *input);
void digitize_input_clear(struct digitize_input *input);
void digitize_output_clear(struct digitize_output *output);

/* Checks what can be checked before the scan is worked on.  ERR_INVALID naming the field. */
enum err_code digitize_check(const struct digitize_options *options, struct err *e);

/* Loads the model if need be, fetches the scan if it comes by key, runs the pipeline, publishes.  On
 * success the output is the caller's (digitize_output_clear); on failure nothing is visible in the
 * store and the output is empty. */
enum err_code digitize_run(struct server *server, struct digitize_input *input, const struct job *job,
                           struct digitize_output *output, struct err *e);

/* The file of an artifact and its media type, by format. */
const char *digitize_file(enum fields_format format);
const char *digitize_type(const char *file);

#endif

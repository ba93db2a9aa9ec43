/* The checkpoints on the mount: WEIGHTS_DIR/NAME.safetensors is model NAME.
 *
 * A checkpoint is read when a request first needs it, once, however many ask at the time.  When the file
 * changes (size, time or inode) the next request reads the new one; should that be refused, the one in
 * use stays in use.  A model that has been replaced is freed when its last request ends. */
#ifndef SERVER_MODELS_H
#define SERVER_MODELS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/job.h"
#include "nn/curvenet.h"
#include "server/log.h"

struct models;
struct model;   /* one loaded checkpoint */

/* `dir` and `default_name` are copied; nothing is read.  `threads` read one file.  On success *out is the
 * caller's. */
enum err_code models_create(struct models **out, const char *dir, const char *default_name, int threads,
                            const struct log *log, struct err *e);

/* All models must have been released.  NULL is allowed. */
void models_free(struct models *models);

/* The model of that name ("": the default), read now if need be, in which case *load_seconds is what that
 * took, waiting for another request's reading included, else 0.  On success *out is held until
 * model_release.  ERR_INVALID (field `model`) for a name that no file has, ERR_UNAVAILABLE with the reason
 * when the checkpoint is refused or the default one is missing, the job's errors while waiting. */
enum err_code models_acquire(struct models *models, const char *name, const struct job *job, struct model **out,
                             double *load_seconds, struct err *e);
void model_release(struct model *model);
const struct curvenet *model_net(const struct model *model);
/* The name it was asked for by. */
const char *model_name(const struct model *model);

/* The state of the default model, without reading anything. */
struct models_state {
    bool loaded;          /* one is in use */
    bool failed;          /* the file as it is now was asked for and refused */
    char reason[512];     /* why, or that there is no such file; "" when all is well */
};
void models_default_state(struct models *models, struct models_state *state);

/* What GET /models replies: {"default","models":[{"name","bytes","modified","loaded",…}]}.  The caller's. */
enum err_code models_list(struct models *models, cJSON **out, struct err *e);

/* Bytes of the checkpoints in use. */
unsigned long long models_bytes(struct models *models);

#endif

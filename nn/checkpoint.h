/* CurveNet checkpoints: a safetensors file whose metadata give the network's sizes and whose tensors
 * are exactly those that these sizes ask for.  docs/curvenet.md lists names and shapes. */
#ifndef NN_CHECKPOINT_H
#define NN_CHECKPOINT_H

#include "nn/curvenet.h"
#include "nn/safetensors.h"

enum {
    CHECKPOINT_MAX_DIM = 2048,
    CHECKPOINT_MAX_MLP = 8192,
    CHECKPOINT_MAX_ATTENTION_LAYERS = 16
};

struct checkpoint {
    struct safetensors file;
    struct curvenet_info info;   /* all but load_seconds */
};

/* Reads and checks all of a checkpoint.  On success checkpoint_free releases what *cp holds; on failure
 * it holds nothing.  ERR_UNAVAILABLE with a sentence that says which tensor and why; ERR_NO_MEMORY. */
enum err_code checkpoint_read(struct checkpoint *cp, const char *path, int threads, struct err *e);
void checkpoint_free(struct checkpoint *cp);

/* The values of a tensor that the checkpoint was checked to have. */
const float *checkpoint_values(const struct checkpoint *cp, const char *name_format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

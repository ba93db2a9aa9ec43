/* A network made ready to run: weights packed for the processor's kernels. */
#ifndef NN_MODEL_H
#define NN_MODEL_H

#include "nn/checkpoint.h"
#include "nn/curvenet.h"
#include "nn/kernels.h"

/* y = x w + b; w packed, b padded with zeros to KERNELS_LANES. */
struct linear {
    int k, n;
    const float *w, *bias;
};

/* relu(1x1(relu(depthwise 3x3))). */
struct separable {
    const float *dw, *dw_bias;   /* [9][dim], [dim] */
    struct linear pw;
};

struct attention {
    const float *pos, *pos_bias;          /* [9][dim], [dim] */
    const float *ln1_gain, *ln1_bias;     /* [dim] */
    const float *ln2_gain, *ln2_bias;
    struct linear qkv, proj, mlp1, mlp2;
};

struct curvenet {
    struct curvenet_info info;
    const struct kernels *kernels;
    const float *stem, *stem_bias;        /* [9][dim], for ink of 0..255; [dim] */
    struct separable down[5];             /* down[0] is the stem's place and unused */
    struct separable block[5];
    struct attention attention[CHECKPOINT_MAX_ATTENTION_LAYERS];
    struct separable up[5];               /* the last only with HEAD_FULL */
    struct linear head;
    struct linear corrector[3];           /* if info.corrector has sizes (nn/corrector.h) */
    void *weights, *further;              /* the allocations behind all pointers */
};

/* Packs the checkpoint's tensors with `threads` threads in the memory that holds them, which passes from *cp to the
 * network; what is left of *cp is still the caller's to free.  On success *out is the caller's, freed with
 * curvenet_free.  ERR_NO_MEMORY. */
enum err_code model_build(struct curvenet **out, struct checkpoint *cp, const struct kernels *kernels, int threads,
                          struct err *e);

#endif

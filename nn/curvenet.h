/* CurveNet: an encoder of five stride-2 stages, two attention layers at 1/32, a decoder of five
 * upsampling stages; one mask of logits per curve class (design: docs/curvenet.md; the published
 * shape with separable convolutions after Chen et al. 2018, "Encoder-Decoder with Atrous Separable
 * Convolution").
 *
 * A loaded network is immutable and may serve any number of threads at a time. */
#ifndef NN_CURVENET_H
#define NN_CURVENET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/job.h"
#include "base/pool.h"

enum { CURVENET_MAX_CLASSES = 8 };

enum curvenet_head { HEAD_FULL, HEAD_SUBPIXEL };

struct curvenet_info {
    int dim, stages, attention_layers, heads, mlp;
    int classes;
    char class_name[CURVENET_MAX_CLASSES][16];   /* "solid", "dashed", "dotted" */
    enum curvenet_head head;
    int corrector[2];      /* sizes of the hidden layers of its corrector (nn/corrector.h); 0 if it has none */
    int max_rows;          /* the tallest window, in rows of the network's own resolution */
    int dpi;               /* the resolution that it was trained for */
    char name[64];
    char sha256[65];       /* of the tensors' bytes, lower-case hex */
    size_t bytes;          /* the file's size */
    double load_seconds;   /* what reading and checking took */
};

struct curvenet;

/* Reads a checkpoint (safetensors, design.md section 3) with `threads` parallel preads and checks all
 * of it: truncation, unknown or missing tensors, shapes, non-finite weights, checksum.  On success
 * *out is the caller's.  ERR_UNAVAILABLE with a sentence that says which tensor and why. */
enum err_code curvenet_load(struct curvenet **out, const char *path, int threads, struct err *e);
void curvenet_free(struct curvenet *net);
const struct curvenet_info *curvenet_info(const struct curvenet *net);

/* Receives rows y..y+rows-1 of the answer, logits: [classes, rows, width] with the given strides in
 * floats.  Called from several threads at a time with disjoint rows, in no fixed order. */
typedef enum err_code (*curvenet_sink)(void *ctx, int y, int rows, const float *logits, size_t class_stride,
                                       size_t row_stride, struct err *e);

/* One forward pass over one window.  ink: [height, width], 0 paper .. 255 ink, rows `stride` bytes
 * apart; any height and width from 1 (padded with paper to multiples of 32 inside).  The answer is the
 * same bytes for every pool and strip height.  Errors: ERR_NO_MEMORY, the job's, the sink's. */
enum err_code curvenet_forward(const struct curvenet *net, struct pool *pool, const uint8_t *ink, size_t stride,
                               int height, int width, curvenet_sink sink, void *sink_ctx, const struct job *job,
                               struct err *e);

#endif

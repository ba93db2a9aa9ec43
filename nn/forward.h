/* One forward pass: what its phases share. */
#ifndef NN_FORWARD_H
#define NN_FORWARD_H

#include <stdatomic.h>

#include "nn/strip.h"

/* How a pass is carried out.  No field changes the answer. */
struct forward_plan {
    int strip_rows;      /* rows of the window in a strip, a multiple of 32 */
    int band_columns;    /* columns of the window in a band, a multiple of 32 */
};

struct forward {
    const struct curvenet *net;
    struct pool *pool;
    const struct job *job;
    struct forward_plan plan;
    struct strip_image image;
    int height, width;        /* padded to multiples of 32 */
    struct map skip[6];       /* [3..5]: the encoder's output at 1/8 .. 1/32; the others are not kept */
    struct arena *arena;      /* one per worker */
    curvenet_sink sink;
    void *sink_ctx;
    atomic_int done;          /* strips, for the progress */
};

/* The plan that curvenet_forward uses. */
struct forward_plan forward_default_plan(void);

/* curvenet_forward with a plan of the caller's. */
enum err_code forward_run(const struct curvenet *net, struct pool *pool, const struct forward_plan *plan,
                          const struct strip_image *image, curvenet_sink sink, void *sink_ctx, const struct job *job,
                          struct err *e);

/* The phases, in order: the encoder fills skip[], the bottleneck changes skip[5] in place, the decoder
 * calls the sink. */
enum err_code encoder_run(struct forward *f, struct err *e);
enum err_code bottleneck_run(struct forward *f, struct err *e);
enum err_code decoder_run(struct forward *f, struct err *e);

/* Scratch floats that a worker needs in each. */
size_t encoder_scratch(const struct forward *f);
size_t bottleneck_scratch(const struct forward *f);
size_t decoder_scratch(const struct forward *f);

/* The strips of a map of `rows` rows at 1/2^level: about plan.strip_rows tall, as many for each thread. */
struct forward_strips {
    int rows, strip_rows, count;
};
struct forward_strips forward_strips(const struct forward *f, int level, int strip_rows);

/* ERR_CANCELLED and so on when the pass must stop; otherwise reports progress when called on the job's
 * own thread, the fraction being begin + (end - begin) * done / total. */
enum err_code forward_step(struct forward *f, int worker, double begin, double end, int done, int total,
                           struct err *e);

/* Appends the encoder's stage `level`, whose input is the stage before (NULL for the first) and whose
 * output is kept for ring_rows rows. */
struct node *forward_add_stage(const struct forward *f, struct strip *strip, struct node *before, int level,
                               int ring_rows, struct arena *arena);

#endif

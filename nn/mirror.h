/* A second look: the network on a window and on its mirror image. */
#ifndef NN_MIRROR_H
#define NN_MIRROR_H

#include "nn/curvenet.h"

/* As curvenet_forward, at twice its cost: the answer is the mean of the probabilities (given as logits) for the window
 * and of those for its mirror image, laid back.  Curves look alike both ways, but the network errs in other places, so
 * that the mean tells two curves of a track apart better (test-time augmentation; weights/curvenet.md has figures).  Needs
 * (4 * classes + 1) * height * width bytes more. */
enum err_code curvenet_forward_mirrored(const struct curvenet *net, struct pool *pool, const uint8_t *ink,
                                        size_t stride, int height, int width, curvenet_sink sink, void *sink_ctx,
                                        const struct job *job, struct err *e);

/* The logit of the mean of the probabilities that two logits stand for: what one look is sure of and the other missed stays
 * likely, which the mean of logits would lose. */
float curvenet_mean_look(float a, float b);

#endif

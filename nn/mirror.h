/* A second look: the network on a window and on its mirror image. */
#ifndef NN_MIRROR_H
#define NN_MIRROR_H

#include "nn/curvenet.h"

/* Fills logits: [classes, height, width] with the mean of the network's probabilities (as logits) for a window, ink: [height,
 * stride], and of those for its mirror image, laid back.  Curves look alike both ways, but the network errs in other places,
 * so that the mean tells two curves of a track apart better (test-time augmentation; weights/curvenet.md has figures).
 * Twice the cost of curvenet_forward, and height * width bytes more. */
enum err_code curvenet_forward_mirrored(const struct curvenet *net, struct pool *pool, const uint8_t *ink,
                                        size_t stride, int height, int width, float *logits, const struct job *job,
                                        struct err *e);

/* The logit of the mean of the probabilities that two logits stand for: what one look is sure of and the other missed stays
 * likely, which the mean of logits would lose. */
float curvenet_mean_look(float a, float b);

#endif

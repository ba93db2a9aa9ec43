/* The corrector: the small network behind the learned correction of traced curves, three linear layers with ReLU between
 * them.  It comes with a checkpoint, since it is trained on what that network draws (nn/train/corrector.py). */
#ifndef NN_CORRECTOR_H
#define NN_CORRECTOR_H

#include <stdbool.h>

#include "nn/curvenet.h"

/* Inputs of a position; the server holds it against the tracing's own number. */
enum { CORRECTOR_INPUTS = 1303 };

/* Whether the checkpoint has one. */
bool curvenet_corrects(const struct curvenet *net);

/* How far off n positions are, in columns.  inputs: [n, CORRECTOR_INPUTS]; off: [n].  Each answer depends on its own
 * inputs only.  Needs curvenet_corrects.  ERR_NO_MEMORY. */
enum err_code curvenet_correct(const struct curvenet *net, const float *inputs, size_t n, float *off, struct err *e);

#endif

/* The metadata of a CurveNet checkpoint: the sizes of its network. */
#ifndef NN_METADATA_H
#define NN_METADATA_H

#include "nn/curvenet.h"
#include "nn/safetensors.h"

/* Fills sizes, classes, head, max_rows, dpi, name and sha256 of *info from the file's metadata, each
 * checked against what the engine can run.  ERR_UNAVAILABLE: a sentence that names the field. */
enum err_code metadata_parse(struct curvenet_info *info, const struct safetensors *file, struct err *e);

#endif

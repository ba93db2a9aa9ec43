/* Texture: how restless each of two curves drawn alike is tells which is which. */
#ifndef POSTPROC_TRACE_TEXTURE_H
#define POSTPROC_TRACE_TEXTURE_H

#include "base/err.h"
#include "postproc/trace_line.h"

/* Adds to gain: [rows], as votes_add says, which line is the more restless one between two meetings, where both are
 * plainly there, by how much against how much it usually is; nothing if the two are much alike, or not steadily
 * apart. */
enum err_code texture_gain(const struct line *a, const struct line *b, float *gain, struct err *e);

#endif

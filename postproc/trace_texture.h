/* Texture: how restless each of two curves drawn alike is tells which is which. */
#ifndef POSTPROC_TRACE_TEXTURE_H
#define POSTPROC_TRACE_TEXTURE_H

#include "base/err.h"
#include "postproc/trace_line.h"

/* Takes from gain: [rows] where, between two meetings, one line is the more restless by the ratio that it is
 * everywhere, and adds to it where the other is; leaves it alone where the two are much alike, or not steadily
 * apart.  gain is how much is won by exchanging the lines; which of the two is the restless one is said by what
 * it holds already, or else by most rows. */
enum err_code texture_gain(const struct line *a, const struct line *b, float *gain, struct err *e);

#endif

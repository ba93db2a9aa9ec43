/* The fields that pack several values into one text: `curve`, `depth_line`, `edge`, `track`. */
#ifndef SERVER_CURVE_SPEC_H
#define SERVER_CURVE_SPEC_H

#include <stddef.h>

#include "base/err.h"
#include "postproc/layout.h"

/* Reads MNEM[:UNIT[:LEFT:RIGHT[:lin|log][:solid|dashed|dotted]]], the last two in either order.  Without
 * LEFT and RIGHT (or with both empty) the curve is read as a fraction of the track's width.  The style left
 * out is that of the `order`-th curve.  ERR_MALFORMED or ERR_INVALID naming `curve`. */
enum err_code curve_spec_read(const char *text, size_t order, struct layout_curve *out, struct err *e);

/* Reads exactly n numbers between separators.  ERR_MALFORMED naming the field; `form` shows how it is written. */
enum err_code numbers_read(const char *text, char separator, double *out, size_t n, const char *field, const char *form,
                           struct err *e);

#endif

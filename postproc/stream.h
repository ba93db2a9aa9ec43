/* Writing result files: what a stream that fails is reported as. */
#ifndef POSTPROC_STREAM_H
#define POSTPROC_STREAM_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

/* Writes `length` bytes.  `what` names the file for the user.  ERR_DISK_FULL when there is no room left,
 * ERR_STORE otherwise. */
enum err_code stream_write(FILE *out, const char *text, size_t length, const char *what, struct err *e);

/* Hands what is buffered to the system, with the same errors. */
enum err_code stream_flush(FILE *out, const char *what, struct err *e);

#endif

/* Reading of a file by position: whole pieces, and large pieces with several threads. */
#ifndef NN_PREAD_H
#define NN_PREAD_H

#include <stddef.h>

#include "base/err.h"

/* Reads exactly `size` bytes.  ERR_UNAVAILABLE: a read error, or the file ends before. */
enum err_code pread_exact(int fd, void *out, size_t size, size_t offset, struct err *e);

/* The same in pieces of 4 MiB, with `threads` threads, this one among them, and a few more that wait for the
 * disk.  `piece`, unless NULL, is called from this thread with what has been read, in order and without gaps,
 * while the rest is read. */
enum err_code pread_parallel(int fd, unsigned char *out, size_t size, size_t offset, int threads,
                             void (*piece)(void *ctx, const unsigned char *bytes, size_t size), void *piece_ctx,
                             struct err *e);

#endif

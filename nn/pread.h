/* Reading of a file by position: whole pieces, and large pieces with several threads. */
#ifndef NN_PREAD_H
#define NN_PREAD_H

#include <stddef.h>

#include "base/err.h"

/* Reads exactly `size` bytes.  ERR_UNAVAILABLE: a read error, or the file ends before. */
enum err_code pread_exact(int fd, void *out, size_t size, size_t offset, struct err *e);

enum { PREAD_BLOCK = 4096 };   /* what a read past the page cache is aligned to */

/* What is done with pieces while others are read; either may be NULL. */
struct pread_work {
    void (*each)(void *ctx, const unsigned char *bytes, size_t size);       /* on the thread that read it, in no order */
    void (*in_order)(void *ctx, const unsigned char *bytes, size_t size);   /* on the caller's, without gaps */
    void *ctx;
};

/* The same in pieces of 4 MiB, with `threads` threads, this one among them, and a few more that wait for the
 * disk.  Where `out` and `offset` are the same modulo PREAD_BLOCK, out has PREAD_BLOCK bytes to spare before and
 * after, and large data that are not in the page cache go past it: copying them through it takes as long as a fast
 * disk. */
enum err_code pread_parallel(int fd, unsigned char *out, size_t size, size_t offset, int threads,
                             const struct pread_work *work, struct err *e);

#endif

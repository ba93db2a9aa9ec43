/* A scan on its way to the pipeline: a temporary file that has no name, so that nothing is left behind
 * however the process ends. */
#ifndef SERVER_SPOOL_H
#define SERVER_SPOOL_H

#include <stddef.h>

#include "base/err.h"

struct spool {
    int fd;                      /* -1: none */
    unsigned long long size;     /* bytes written */
    char path[48];               /* opens the file while fd is open */
};

#define SPOOL_NONE ((struct spool){.fd = -1})

/* Makes an empty file in `folder`.  ERR_INTERNAL, ERR_DISK_FULL. */
enum err_code spool_open(struct spool *spool, const char *folder, struct err *e);

/* Appends.  ERR_DISK_FULL, ERR_INTERNAL. */
enum err_code spool_write(struct spool *spool, const void *bytes, size_t n, struct err *e);

/* A name in `folder` for a file that someone else is to create; then spool_adopt takes that file over and
 * removes its name. */
enum err_code spool_name(const char *folder, char *path, size_t size, struct err *e);
enum err_code spool_adopt(struct spool *spool, const char *path, struct err *e);

/* Lets the file go.  Nothing happens for SPOOL_NONE. */
void spool_close(struct spool *spool);

#endif

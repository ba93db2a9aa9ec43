/* One libtiff handle on a file, read with pread (no mmap), its messages kept beside it. */
#ifndef SERVER_SCAN_FILE_H
#define SERVER_SCAN_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <tiffio.h>

#include "base/err.h"

struct scan_file {
    TIFF *tif;
    int fd;
    uint64_t size, position;
    unsigned complaints;   /* errors and warnings since scan_file_listen */
    char text[200];        /* libtiff's last complaint, one line, or "" */
};

/* Opens `path` and reads the first directory.  `file` is libtiff's client data: it must not move until
 * scan_file_close.  `max_bytes` caps what libtiff allocates, where its version has a cap.  ERR_UNSUPPORTED:
 * not a TIFF; ERR_INVALID: a width or height of 0 or above INT32_MAX; ERR_MALFORMED: a directory that cannot be read;
 * ERR_NOT_FOUND, ERR_STORE: the file cannot be opened or read.  On failure nothing is left open. */
enum err_code scan_file_open(struct scan_file *file, const char *path, size_t max_bytes, struct err *e);

/* Closes what is open; a zeroed struct is allowed. */
void scan_file_close(struct scan_file *file);

/* Call it before a libtiff call that may fail: what is said and refused from here on is that call's. */
void scan_file_listen(struct scan_file *file);

/* The failure of a libtiff call on this file: `what` opens the sentence ("Rows 0 to 31"), libtiff's own text ends it. */
enum err_code scan_file_failure(const struct scan_file *file, const char *what, struct err *e);

#endif

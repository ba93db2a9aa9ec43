/* Gray PNGs of ink. */
#ifndef SERVER_PREVIEW_GRAY_H
#define SERVER_PREVIEW_GRAY_H

#include <stdbool.h>

#include "postproc/picture.h"

/* Opens a picture whose rows are ink, 0..255 shown as white to black, or of 1 bit, 0 or 1. */
enum err_code preview_gray_begin(struct picture **out, FILE *file, int columns, int rows, bool bilevel, struct err *e);

/* ERR_DISK_FULL or ERR_STORE from errno; `what` opens the sentence. */
enum err_code preview_disk_failure(const char *what, struct err *e);

#endif

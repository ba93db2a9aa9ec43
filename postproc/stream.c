#include "postproc/stream.h"

#include <errno.h>
#include <string.h>

static enum err_code failed(const char *what, int error, struct err *e)
{
    if (err_no_room(error))
        return err_set(e, ERR_DISK_FULL, "No room is left to write %s.", what);
    return err_set(e, ERR_STORE, "%s could not be written: %s.", what, strerror(error));
}

enum err_code stream_write(FILE *out, const char *text, size_t length, const char *what, struct err *e)
{
    if (fwrite(text, 1, length, out) != length)
        return failed(what, errno, e);
    return ERR_OK;
}

enum err_code stream_flush(FILE *out, const char *what, struct err *e)
{
    if (fflush(out) != 0 || ferror(out))
        return failed(what, errno, e);
    return ERR_OK;
}

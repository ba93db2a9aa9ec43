#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum err_code record(struct err *e, enum err_code code, const char *field, const char *format, va_list args)
{
    if (e->code != ERR_OK)
        return e->code;
    e->code = code;
    snprintf(e->field, sizeof e->field, "%s", field);
    vsnprintf(e->text, sizeof e->text, format, args);
    return code;
}

enum err_code err_set(struct err *e, enum err_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    code = record(e, code, "", format, args);
    va_end(args);
    return code;
}

enum err_code err_field(struct err *e, enum err_code code, const char *field, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    code = record(e, code, field, format, args);
    va_end(args);
    return code;
}

enum err_code err_memory(struct err *e, const char *what)
{
    return err_set(e, ERR_NO_MEMORY, "Not enough memory for %s.", what);
}

bool err_no_room(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

void err_clear(struct err *e)
{
    memset(e, 0, sizeof *e);
}

#include "server/response.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/problem.h"

static enum err_code set_response(struct request *request, unsigned status, const char *type,
                                  struct MHD_Response *response, unsigned long long size, struct err *e)
{
    if (!response)
        return err_memory(e, "the response");
    if (MHD_add_response_header(response, "Content-Type", type) != MHD_YES) {
        MHD_destroy_response(response);
        return err_memory(e, "the response");
    }
    if (request->response)
        MHD_destroy_response(request->response);
    request->response = response;
    request->status = status;
    request->bytes_out = size;
    return ERR_OK;
}

enum err_code response_bytes(struct request *request, unsigned status, const char *type, const void *bytes, size_t n,
                             struct err *e)
{
    /* libmicrohttpd takes a pointer to non-const even where it copies. */
    struct MHD_Response *response =
        MHD_create_response_from_buffer(n, (void *)(uintptr_t)bytes, MHD_RESPMEM_MUST_COPY);
    return set_response(request, status, type, response, n, e);
}

enum err_code response_text(struct request *request, unsigned status, const char *type, char *text, struct err *e)
{
    if (!text)
        return err_memory(e, "the response");
    size_t n = strlen(text);
    struct MHD_Response *response = MHD_create_response_from_buffer(n, text, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(text);
    return set_response(request, status, type, response, n, e);
}

enum err_code response_json(struct request *request, unsigned status, const cJSON *json, struct err *e)
{
    return response_text(request, status, "application/json", cJSON_PrintUnformatted(json), e);
}

enum range { RANGE_NONE, RANGE_PART, RANGE_BAD };

/* Digits only; false on anything else or overflow. */
static bool read_number(const char **at, unsigned long long *out)
{
    if (!isdigit((unsigned char)**at))
        return false;
    char *end;
    errno = 0;
    *out = strtoull(*at, &end, 10);
    *at = end;
    return errno == 0;
}

/* Reads "bytes=A-B", "bytes=A-" or "bytes=-N" into *first and *length; anything else is no range, as the
 * standard has it, and leaves them alone. */
static enum range read_range(const char *text, unsigned long long size, unsigned long long *first,
                             unsigned long long *length)
{
    unsigned long long from, to = size ? size - 1 : 0, given = 0;
    if (!text || strncmp(text, "bytes=", 6) != 0)
        return RANGE_NONE;
    const char *at = text + 6;
    if (*at == '-') {
        at++;
        if (!read_number(&at, &given) || *at)
            return RANGE_NONE;
        if (!given || !size)
            return RANGE_BAD;
        from = given < size ? size - given : 0;
    } else {
        if (!read_number(&at, &from) || *at++ != '-')
            return RANGE_NONE;
        if (*at && (!read_number(&at, &given) || *at || given < from))
            return RANGE_NONE;
        if (from >= size)
            return RANGE_BAD;
        if (at[-1] != '-' && given < to)
            to = given;
    }
    *first = from;
    *length = to - from + 1;
    return RANGE_PART;
}

enum err_code response_file(struct request *request, int fd, const char *type, struct err *e)
{
    struct stat s;
    if (fstat(fd, &s)) {
        close(fd);
        return err_set(e, ERR_STORE, "The file cannot be read: %s.", strerror(errno));
    }
    unsigned long long size = (unsigned long long)s.st_size, first = 0, length = size;
    enum range range = request_header(request, "If-Range") ? RANGE_NONE
                                                           : read_range(request_header(request, "Range"), size, &first,
                                                                        &length);
    char value[96];
    enum err_code code;
    if (range == RANGE_BAD) {
        close(fd);
        static const char text[] = "The range lies outside the file.\n";
        code = response_bytes(request, 416, "text/plain; charset=utf-8", text, sizeof text - 1, e);
        snprintf(value, sizeof value, "bytes */%llu", size);
        return code ? code : response_header(request, "Content-Range", value, e);
    }
    struct MHD_Response *response = MHD_create_response_from_fd_at_offset64(length, fd, first);
    if (!response)
        close(fd);
    code = set_response(request, range == RANGE_PART ? 206 : 200, type, response, length, e);
    if (!code)
        code = response_header(request, "Accept-Ranges", "bytes", e);
    if (!code && range == RANGE_PART) {
        snprintf(value, sizeof value, "bytes %llu-%llu/%llu", first, first + length - 1, size);
        code = response_header(request, "Content-Range", value, e);
    }
    return code;
}

enum err_code response_stream(struct request *request, const char *type, MHD_ContentReaderCallback read, void *ctx,
                              MHD_ContentReaderFreeCallback release, struct err *e)
{
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, read, ctx, release);
    if (!response)
        release(ctx);
    return set_response(request, 200, type, response, 0, e);
}

bool response_problem(struct request *request, const struct err *failure)
{
    struct err e = {0};
    char *text = problem_text(failure, request->id);
    if (response_text(request, problem_status(failure->code), PROBLEM_TYPE, text, &e))
        return false;
    int seconds = problem_retry_after(failure->code);
    if (seconds) {
        char value[16];
        snprintf(value, sizeof value, "%d", seconds);
        response_header(request, "Retry-After", value, &e);
    }
    return true;
}

enum err_code response_header(struct request *request, const char *name, const char *value, struct err *e)
{
    if (MHD_add_response_header(request->response, name, value) != MHD_YES)
        return err_set(e, ERR_INTERNAL, "The header %s cannot be sent.", name);
    return ERR_OK;
}

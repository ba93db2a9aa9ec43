/* Making a request's response.  Each fills request->response and status, replacing what was there. */
#ifndef SERVER_RESPONSE_H
#define SERVER_RESPONSE_H

#include "server/http.h"

/* Copies the bytes. */
enum err_code response_bytes(struct request *request, unsigned status, const char *type, const void *bytes, size_t n,
                             struct err *e);

/* Takes over `text` (from malloc), on failure too. */
enum err_code response_text(struct request *request, unsigned status, const char *type, char *text, struct err *e);

/* Prints the JSON, which stays the caller's. */
enum err_code response_json(struct request *request, unsigned status, const cJSON *json, struct err *e);

/* Sends an open regular file, whose descriptor is taken over, on failure too.  Answers a Range header
 * with one range by 206, or 416 (RFC 9110, section 14). */
enum err_code response_file(struct request *request, int fd, const char *type, struct err *e);

/* Sends what `read` gives until it says MHD_CONTENT_READER_END_OF_STREAM.  `ctx` is freed by `release`
 * when the response is done with, on failure too. */
enum err_code response_stream(struct request *request, const char *type, MHD_ContentReaderCallback read, void *ctx,
                              MHD_ContentReaderFreeCallback release, struct err *e);

/* The failure as a problem document.  False when there is no memory even for that. */
bool response_problem(struct request *request, const struct err *failure);

/* Adds a header to the response that was made; control characters in the value are refused. */
enum err_code response_header(struct request *request, const char *name, const char *value, struct err *e);

#endif

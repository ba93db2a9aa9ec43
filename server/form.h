/* The body of POST /digitize on its way in: the scan goes to a spool, the fields are gathered, whether
 * they come as multipart/form-data (RFC 7578), in the query beside a bare TIFF, or as JSON. */
#ifndef SERVER_FORM_H
#define SERVER_FORM_H

#include "server/fields.h"
#include "server/http.h"
#include "server/spool.h"

/* What a form may hold beside the scan: 5,000 depth lines and as many edges, and a layout of their size. */
enum { FORM_MAX_FIELDS = 12000, FORM_MAX_BYTES = 4 << 20 };

struct form;

/* Chooses by the request's Content-Type and takes the fields of its query.  ERR_UNSUPPORTED for another
 * type, ERR_MALFORMED.  On success *out is the caller's; `request` must outlive it. */
enum err_code form_open(struct form **out, struct request *request, struct err *e);
void form_free(struct form *form);

/* The next piece of the body. */
enum err_code form_data(struct form *form, const char *bytes, size_t n, struct err *e);

/* The body is whole: reads the fields and hands over the scan (SPOOL_NONE when it comes by key).  On
 * success `options` (fields_clear) and `scan` (spool_close) are the caller's.  ERR_MALFORMED when the body
 * breaks off, when there is no scan, or two. */
enum err_code form_finish(struct form *form, struct digitize_options *options, struct spool *scan, struct err *e);

#endif

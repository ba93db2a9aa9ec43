/* The fields of POST /digitize, the same in a form, a query and JSON (design.md section 4), turned into
 * a pipeline request.  Every wrong value is refused by name: no number falls back to a default. */
#ifndef SERVER_FIELDS_H
#define SERVER_FIELDS_H

#include <stddef.h>

#include "server/pipeline.h"
#include "server/store.h"

struct field { const char *name, *value; };

enum fields_format { FORMAT_JSON, FORMAT_CSV, FORMAT_LAS, FORMAT_PNG };

struct digitize_options {
    struct pipeline_request request;   /* scan_path is left to the caller */
    char scan_name[256];
    char model[64];                    /* "" : the server's default */
    char key[STORE_KEY_MAX];           /* "" : the scan came with the request */
    enum fields_format format; int has_format;
};

/* Reads the fields in the order they came; `curve`, `depth_line` and `edge` repeat, any other given
 * twice is an error, so is an unknown one.  ERR_MALFORMED (not a number, wrong form) or ERR_INVALID
 * (cannot be right), with the field's name.  On success `out` owns its layout: fields_clear. */
enum err_code fields_parse(const struct field *fields, size_t n, struct digitize_options *out, struct err *e);
void fields_clear(struct digitize_options *options);

/* The same from a JSON body: an object with the fields as members (numbers or strings, arrays for those
 * that repeat, `layout` an object). */
enum err_code fields_parse_json(const char *text, size_t length, struct digitize_options *out, struct err *e);

#endif

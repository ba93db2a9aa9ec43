#include "server/form.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server/field_value.h"

enum form_kind { FORM_MULTIPART, FORM_TIFF, FORM_JSON };

enum { PARSER_BYTES = 64 << 10 };   /* libmicrohttpd's buffer: a part's headers must fit */

struct form_field { char *name, *value; size_t length; };

struct form {
    enum form_kind kind;
    struct request *request;
    struct MHD_PostProcessor *parser;   /* FORM_MULTIPART */
    struct spool scan;
    bool in_scan;                       /* the part being read is the scan */
    char file_name[256];
    struct form_field *fields; size_t n, room;
    size_t bytes;                       /* of all names, values and JSON */
    char *json; size_t json_length;
    struct err *e;                      /* of the call that is being made */
};

/* --- fields --- */

static enum err_code count_bytes(struct form *form, size_t n, struct err *e)
{
    form->bytes += n;
    if (form->bytes > FORM_MAX_BYTES)
        return err_set(e, ERR_TOO_LARGE, "The fields are over the limit of %d MiB in all.", FORM_MAX_BYTES >> 20);
    return ERR_OK;
}

static enum err_code append(struct form *form, const char *bytes, size_t n, struct err *e)
{
    struct form_field *field = &form->fields[form->n - 1];
    enum err_code code = count_bytes(form, n, e);
    if (code)
        return code;
    if (memchr(bytes, 0, n))
        return err_field(e, ERR_MALFORMED, field->name, "The field %.40s holds a zero byte.", field->name);
    char *value = realloc(field->value, field->length + n + 1);
    if (!value)
        return err_memory(e, "the form's fields");
    memcpy(value + field->length, bytes, n);
    field->value = value;
    field->length += n;
    value[field->length] = 0;
    return ERR_OK;
}

static enum err_code add_field(struct form *form, const char *name, const char *bytes, size_t n, struct err *e)
{
    enum err_code code = count_bytes(form, strlen(name), e);
    if (code)
        return code;
    if (form->n == FORM_MAX_FIELDS)
        return err_set(e, ERR_TOO_LARGE, "There are more than %d fields.", FORM_MAX_FIELDS);
    if (form->n == form->room) {
        size_t room = form->room ? 2 * form->room : 32;
        struct form_field *fields = realloc(form->fields, room * sizeof *fields);
        if (!fields)
            return err_memory(e, "the form's fields");
        form->fields = fields;
        form->room = room;
    }
    struct form_field field = {.name = strdup(name), .value = calloc(1, 1)};
    if (!field.name || !field.value) {
        free(field.name);
        free(field.value);
        return err_memory(e, "the form's fields");
    }
    form->fields[form->n++] = field;
    return append(form, bytes, n, e);
}

static enum MHD_Result on_query(void *ctx, enum MHD_ValueKind kind, const char *name, size_t name_size,
                                const char *value, size_t value_size)
{
    (void)kind;
    struct form *form = ctx;
    if (strlen(name) != name_size)
        return err_set(form->e, ERR_MALFORMED, "A field's name holds a zero byte.") ? MHD_NO : MHD_YES;
    return add_field(form, name, value ? value : "", value ? value_size : 0, form->e) ? MHD_NO : MHD_YES;
}

/* --- multipart --- */

static enum err_code begin_scan(struct form *form, const char *file_name, struct err *e)
{
    /* The parser may begin a part with an empty piece, and then begins it again. */
    if (form->in_scan && form->scan.size == 0)
        return ERR_OK;
    if (form->scan.fd >= 0)
        return err_field(e, ERR_MALFORMED, "scan", "The form holds two scans.");
    snprintf(form->file_name, sizeof form->file_name, "%s", file_name ? file_name : "");
    form->in_scan = true;
    return spool_open(&form->scan, form->request->server->config.tmp_dir, e);
}

static enum err_code take_part(struct form *form, const char *name, const char *file_name, const char *bytes,
                               unsigned long long offset, size_t n, struct err *e)
{
    if (!name)
        return err_set(e, ERR_MALFORMED, "A part of the form has no name.");
    enum err_code code = ERR_OK;
    if (strcmp(name, "scan") == 0) {
        if (offset == 0)
            code = begin_scan(form, file_name, e);
        return code ? code : spool_write(&form->scan, bytes, n, e);
    }
    bool again = !form->in_scan && form->n && form->fields[form->n - 1].length == 0 &&
                 strcmp(form->fields[form->n - 1].name, name) == 0;
    form->in_scan = false;
    if (offset == 0 && !again)
        return add_field(form, name, bytes, n, e);
    return append(form, bytes, n, e);
}

static enum MHD_Result on_part(void *ctx, enum MHD_ValueKind kind, const char *name, const char *file_name,
                               const char *type, const char *encoding, const char *bytes, uint64_t offset, size_t n)
{
    (void)kind, (void)type, (void)encoding;
    struct form *form = ctx;
    return take_part(form, name, file_name, bytes, offset, n, form->e) ? MHD_NO : MHD_YES;
}

/* --- the whole --- */

static bool has_type(const char *header, const char *type)
{
    size_t n = strlen(type);
    return header && strncasecmp(header, type, n) == 0 && (!header[n] || strchr("; \t", header[n]));
}

static enum err_code choose_kind(struct form *form, struct err *e)
{
    const char *type = request_header(form->request, "Content-Type");
    if (has_type(type, "multipart/form-data")) {
        form->kind = FORM_MULTIPART;
        form->parser = MHD_create_post_processor(form->request->connection, PARSER_BYTES, on_part, form);
        if (!form->parser)
            return err_set(e, ERR_MALFORMED, "The Content-Type has no boundary for the parts of the form.");
        return ERR_OK;
    }
    if (has_type(type, "application/json")) {
        form->kind = FORM_JSON;
        return ERR_OK;
    }
    if (has_type(type, "image/tiff") || has_type(type, "application/octet-stream")) {
        form->kind = FORM_TIFF;
        return spool_open(&form->scan, form->request->server->config.tmp_dir, e);
    }
    return err_set(e, ERR_UNSUPPORTED,
                   "The Content-Type must be multipart/form-data, image/tiff or application/json, not \"%.80s\".",
                   type ? type : "");
}

enum err_code form_open(struct form **out, struct request *request, struct err *e)
{
    struct form *form = calloc(1, sizeof *form);
    if (!form)
        return err_memory(e, "the form");
    form->request = request;
    form->scan = SPOOL_NONE;
    form->e = e;
    enum err_code code = choose_kind(form, e);
    if (!code) {
        MHD_get_connection_values_n(request->connection, MHD_GET_ARGUMENT_KIND, on_query, form);
        code = e->code;
    }
    form->e = NULL;
    if (code)
        form_free(form);
    else
        *out = form;
    return code;
}

void form_free(struct form *form)
{
    if (!form)
        return;
    if (form->parser)
        MHD_destroy_post_processor(form->parser);
    for (size_t i = 0; i < form->n; i++) {
        free(form->fields[i].name);
        free(form->fields[i].value);
    }
    free(form->fields);
    free(form->json);
    spool_close(&form->scan);
    free(form);
}

static enum err_code add_json(struct form *form, const char *bytes, size_t n, struct err *e)
{
    enum err_code code = count_bytes(form, n, e);
    if (code)
        return code;
    char *json = realloc(form->json, form->json_length + n + 1);
    if (!json)
        return err_memory(e, "the request's JSON");
    memcpy(json + form->json_length, bytes, n);
    form->json = json;
    form->json_length += n;
    json[form->json_length] = 0;
    return ERR_OK;
}

enum err_code form_data(struct form *form, const char *bytes, size_t n, struct err *e)
{
    if (form->kind == FORM_TIFF)
        return spool_write(&form->scan, bytes, n, e);
    if (form->kind == FORM_JSON)
        return add_json(form, bytes, n, e);
    form->e = e;
    if (MHD_post_process(form->parser, bytes, n) != MHD_YES && !e->code)
        err_set(e, ERR_MALFORMED, "The multipart form cannot be read.");
    form->e = NULL;
    return e->code;
}

static enum err_code end_parser(struct form *form, struct err *e)
{
    form->e = e;
    struct MHD_PostProcessor *parser = form->parser;
    form->parser = NULL;
    bool whole = MHD_destroy_post_processor(parser) == MHD_YES;
    form->e = NULL;
    if (!whole && !e->code)
        return err_set(e, ERR_MALFORMED, "The multipart form breaks off before its last boundary.");
    return e->code;
}

static enum err_code read_fields(struct form *form, struct digitize_options *options, struct err *e)
{
    if (form->kind == FORM_JSON) {
        if (form->n)
            return err_field(e, ERR_MALFORMED, form->fields[0].name,
                             "With a JSON body all fields belong into it, none into the query.");
        return fields_parse_json(form->json ? form->json : "", form->json_length, options, e);
    }
    struct field *fields = calloc(form->n + 1, sizeof *fields);
    if (!fields)
        return err_memory(e, "the form's fields");
    for (size_t i = 0; i < form->n; i++)
        fields[i] = (struct field){form->fields[i].name, form->fields[i].value};
    enum err_code code = fields_parse(fields, form->n, options, e);
    free(fields);
    return code;
}

enum err_code form_finish(struct form *form, struct digitize_options *options, struct spool *scan, struct err *e)
{
    enum err_code code = form->kind == FORM_MULTIPART ? end_parser(form, e) : ERR_OK;
    if (!code)
        code = read_fields(form, options, e);
    if (code)
        return code;
    bool has_scan = form->scan.fd >= 0 && (form->scan.size > 0 || !options->key[0]);
    if (!has_scan && !options->key[0])
        code = err_field(e, ERR_MALFORMED, "scan", "There is no scan: send one in `scan`, or name an uploaded one in `key`.");
    else if (has_scan && options->key[0])
        code = err_field(e, ERR_MALFORMED, "key", "Send a scan or the key of one, not both.");
    else if (has_scan && form->scan.size == 0)
        code = err_field(e, ERR_MALFORMED, "scan", "The scan is empty.");
    if (code) {
        fields_clear(options);
        return code;
    }
    if (!options->scan_name[0] && value_is_utf8(form->file_name))
        snprintf(options->scan_name, sizeof options->scan_name, "%s", form->file_name);
    *scan = has_scan ? form->scan : SPOOL_NONE;
    if (has_scan)
        form->scan = SPOOL_NONE;
    return ERR_OK;
}

#include "postproc/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "postproc/number.h"
#include "postproc/stream.h"

static const char what[] = "the CSV file";
static const struct number_format confidence_format = { .decimals = 3, .significant = 0 };

enum { NAME_MAX_BYTES = 2 * sizeof ((struct layout_curve *)0)->mnemonic + 16 };

/* Appends a name as RFC 4180 wants it: quoted where it holds a quote, a comma or a line break. */
static size_t append_name(char *at, const char *name, const char *suffix)
{
    char *start = at;
    bool quote = strpbrk(name, "\",\r\n") != NULL;
    if (quote)
        *at++ = '"';
    for (; *name; name++) {
        if (*name == '"')
            *at++ = '"';
        *at++ = *name;
    }
    while (*suffix)
        *at++ = *suffix++;
    if (quote)
        *at++ = '"';
    return (size_t)(at - start);
}

static size_t header_line(char *line, const struct table *table, bool confidence)
{
    char *at = line;
    at += append_name(at, table->has_depth ? "DEPT" : "ROW", "");
    for (size_t i = 0; i < table->n_curves; i++) {
        const char *name = table->curves[i].curve->mnemonic;
        *at++ = ',';
        at += append_name(at, name, "");
        if (confidence) {
            *at++ = ',';
            at += append_name(at, name, "_CONF");
        }
    }
    *at++ = '\n';
    return (size_t)(at - line);
}

static size_t row_line(char *line, const struct table *table, size_t row, const struct number_format *formats,
                       bool confidence)
{
    char *at = line;
    at += number_write_scaled(at, table_index_scaled(table, row), table->decimals);
    for (size_t i = 0; i < table->n_curves; i++) {
        const struct table_curve *c = &table->curves[i];
        bool present = !isnan(c->value[row]);
        *at++ = ',';
        if (present)
            at += number_write(at, c->value[row], formats[i]);
        if (!confidence)
            continue;
        *at++ = ',';
        if (present)
            at += number_write(at, c->confidence[row], confidence_format);
    }
    *at++ = '\n';
    return (size_t)(at - line);
}

enum err_code csv_write(FILE *out, const struct table *table, bool confidence, struct err *e)
{
    enum err_code code = ERR_OK;
    size_t cells, size;
    if (!size_add(table->n_curves, 1, &cells) || !size_mul(cells, 2 * (NUMBER_MAX + NAME_MAX_BYTES), &size))
        return err_memory(e, what);
    char *line = malloc(size);
    struct number_format *formats = calloc(cells, sizeof *formats);
    if (!line || !formats) {
        code = err_memory(e, what);
        goto out;
    }
    for (size_t i = 0; i < table->n_curves; i++)
        formats[i] = number_format_of(table->curves[i].curve);
    code = stream_write(out, line, header_line(line, table, confidence), what, e);
    for (size_t row = 0; code == ERR_OK && row < table->rows; row++)
        code = stream_write(out, line, row_line(line, table, row, formats, confidence), what, e);
    if (code == ERR_OK)
        code = stream_flush(out, what, e);
out:
    free(formats);
    free(line);
    return code;
}

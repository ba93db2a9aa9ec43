#include "postproc/las.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/number.h"
#include "postproc/stream.h"

static const char what[] = "the LAS file";

/* LAS 2.0, "un-wrapped mode" and "wrapped mode": line lengths with CR LF. */
enum { LINE_MAX_BYTES = 256, WRAPPED_MAX_BYTES = 80 };

enum { JSON_CHUNK = 200 };

struct column { struct number_format format; int width; };

struct writer {
    FILE *out;
    const struct table *table;
    struct column *columns;   /* [n_curves] */
    int index_width;
    bool wrap;
    char *line;               /* room for one depth step */
    enum err_code code;       /* sticky */
    struct err *e;
};

static void put(struct writer *w, const char *text, size_t length)
{
    if (w->code == ERR_OK)
        w->code = stream_write(w->out, text, length, what, w->e);
}

/* One line, cut at a whole character where it would pass the standard's length. */
static void __attribute__((format(printf, 2, 3))) put_line(struct writer *w, const char *format, ...)
{
    char line[LINE_MAX_BYTES + 1];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof line - 2, format, args);
    va_end(args);
    if (length > LINE_MAX_BYTES - 2) {
        length = LINE_MAX_BYTES - 2;
        while (length > 0 && ((unsigned char)line[length - 1] & 0xC0) == 0x80)
            length--;
        if (length > 0 && (unsigned char)line[length - 1] >= 0xC0)
            length--;
    }
    memcpy(line + length, "\r\n", 2);
    put(w, line, (size_t)length + 2);
}

/* Bytes of a line separator outside ASCII (U+0085, U+2028, U+2029), at which some readers break a line. */
static int separator_length(const unsigned char *s)
{
    if (s[0] == 0xC2 && s[1] == 0x85)
        return 2;
    return s[0] == 0xE2 && s[1] == 0x80 && (s[2] == 0xA8 || s[2] == 0xA9) ? 3 : 0;
}

/* Copies text for a header line: what would end the line or, as a colon does, the field becomes a space. */
static const char *clean(char out[LINE_MAX_BYTES], const char *text)
{
    size_t n = 0;
    const unsigned char *s = (const unsigned char *)(text ? text : "");
    while (*s && n + 1 < LINE_MAX_BYTES) {
        int skip = separator_length(s);
        out[n++] = skip || *s < 0x20 || *s == 0x7F || *s == ':' ? ' ' : (char)*s;
        s += skip ? skip : 1;
    }
    out[n] = '\0';
    return out;
}

static void put_version(struct writer *w)
{
    put_line(w, "~Version");
    put_line(w, "VERS.                 2.0 : CWLS LOG ASCII STANDARD - VERSION 2.0");
    if (w->wrap)
        put_line(w, "WRAP.                 YES : MULTIPLE LINES PER DEPTH STEP");
    else
        put_line(w, "WRAP.                  NO : ONE LINE PER DEPTH STEP");
}

static void put_item(struct writer *w, const char *mnemonic, const char *text, const char *description)
{
    char value[LINE_MAX_BYTES];
    put_line(w, "%4s.    %19s : %s", mnemonic, clean(value, text), description);
}

static void put_depth(struct writer *w, const char *mnemonic, int64_t scaled, const char *description)
{
    char value[NUMBER_MAX];
    number_write_scaled(value, scaled, w->table->decimals);
    put_line(w, "%4s.%-3s %19s : %s", mnemonic, w->table->unit == DEPTH_M ? "M" : "FT", value, description);
}

static void put_well(struct writer *w, const struct las_header *h)
{
    const struct table *t = w->table;
    int64_t start = table_index_scaled(t, 0), stop = table_index_scaled(t, t->rows - 1);
    put_line(w, "~Well");
    put_depth(w, "STRT", start, "START DEPTH");
    put_depth(w, "STOP", stop, "STOP DEPTH");
    put_depth(w, "STEP", llround(t->step * (double)number_power10(t->decimals)), "STEP");
    put_item(w, "NULL", LAS_NULL, "NULL VALUE");
    put_item(w, "COMP", h->company, "COMPANY");
    put_item(w, "WELL", h->well, "WELL");
    put_item(w, "FLD", h->field, "FIELD");
    put_item(w, "LOC", h->location, "LOCATION");
    put_item(w, "CNTY", h->county, "COUNTY");
    put_item(w, "STAT", h->state, "STATE");
    put_item(w, "CTRY", h->country, "COUNTRY");
    put_item(w, "SRVC", h->service_company, "SERVICE COMPANY");
    put_item(w, "DATE", h->date, "LOG DATE");
    put_item(w, "UWI", h->uwi, "UNIQUE WELL ID");
    put_item(w, "API", h->api, "API NUMBER");
}

/* "0 to 150, linear, solid line". */
static void describe_scale(char *out, size_t size, const struct layout_curve *c)
{
    static const char *const styles[STYLE_COUNT] = { "solid", "dashed", "dotted" };
    char left[NUMBER_MAX], right[NUMBER_MAX];
    number_write_shortest(left, c->left);
    number_write_shortest(right, c->right);
    snprintf(out, size, "%.24s to %.24s, %s, %s line", left, right, c->scale == SCALE_LOG ? "logarithmic" : "linear",
             styles[c->style]);
}

static void put_curves(struct writer *w)
{
    const struct table *t = w->table;
    put_line(w, "~Curve");
    put_line(w, "DEPT.%-19s : 1  DEPTH", t->unit == DEPTH_M ? "M" : "FT");
    for (size_t i = 0; i < t->n_curves; i++) {
        const struct layout_curve *c = t->curves[i].curve;
        char scale[128];
        describe_scale(scale, sizeof scale, c);
        put_line(w, "%s.%-*s : %zu  DIGITIZED, SCALE %s", c->mnemonic, (int)fmax(23.0 - (double)strlen(c->mnemonic), 0),
                 c->unit, i + 2, scale);
    }
}

static void put_layout(struct writer *w, const struct layout *layout)
{
    size_t column = 0;
    put_line(w, "Calibration: rows %d to %d of the scan, %zu depth lines", layout->y0, layout->y1 - 1, layout->n_depth_lines);
    for (size_t i = 0; i < layout->n_tracks; i++) {
        const struct layout_track *track = &layout->tracks[i];
        char x0[NUMBER_MAX], x1[NUMBER_MAX];
        number_write_shortest(x0, track->x0);
        number_write_shortest(x1, track->x1);
        put_line(w, "Track %zu: columns %.24s to %.24s%s", i + 1, x0, x1, track->n_edges ? ", edges given by row" : "");
        for (size_t k = 0; k < track->n_curves && column < w->table->n_curves; k++, column++) {
            const struct table_curve *c = &w->table->curves[column];
            char scale[128];
            describe_scale(scale, sizeof scale, c->curve);
            put_line(w, "  %s: %s; values at %d %% of the depths, mean confidence %d %%", c->curve->mnemonic, scale,
                     (int)lround(100 * c->coverage), (int)lround(100 * c->mean_confidence));
        }
    }
}

/* The JSON is cut between characters; readers strip spaces, so no piece may begin or end with one. */
static void put_json(struct writer *w, const char *json)
{
    put_line(w, "The calibration as JSON (join the lines below without the word LAYOUT and the space after it)");
    for (size_t length = strlen(json); length > 0;) {
        size_t n = length < JSON_CHUNK ? length : JSON_CHUNK;
        while (n < length && n > 1 && (((unsigned char)json[n] & 0xC0) == 0x80 || json[n] == ' ' || json[n - 1] == ' '))
            n--;
        put_line(w, "LAYOUT %.*s", (int)n, json);
        json += n;
        length -= n;
    }
}

static void put_other(struct writer *w, const struct las_origin *o)
{
    char text[LINE_MAX_BYTES];
    put_line(w, "~Other");
    put_line(w, "Digitized from a scanned raster log by %s", clean(text, o->software));
    if (o->scan_name && o->scan_name[0])
        put_line(w, "Scan: %s", clean(text, o->scan_name));
    if (o->model && o->model[0])
        put_line(w, "Model: CurveNet checkpoint %s", clean(text, o->model));
    if (o->model_sha256 && o->model_sha256[0])
        put_line(w, "Model SHA-256: %s", clean(text, o->model_sha256));
    put_line(w, "Method: one mask per line style, traced by dynamic programming, read at each depth (not averaged)");
    if (o->layout)
        put_layout(w, o->layout);
    if (o->layout_json && o->layout_json[0])
        put_json(w, o->layout_json);
}

static int write_value(char out[NUMBER_MAX], double value, struct number_format format)
{
    if (isnan(value)) {
        strcpy(out, LAS_NULL);
        return (int)strlen(LAS_NULL);
    }
    int length = number_write(out, value, format);
    /* A reading that is written as the null value would be lost: its last digit is moved by one. */
    if (fabs(value + 999.25) < 1 && strtod(out, NULL) == -999.25)
        out[length - 1] += out[length - 1] == '0' ? 1 : -1;
    return length;
}

static void measure_columns(struct writer *w)
{
    const struct table *t = w->table;
    char text[NUMBER_MAX];
    int first = number_write_scaled(text, table_index_scaled(t, 0), t->decimals);
    int last = number_write_scaled(text, table_index_scaled(t, t->rows - 1), t->decimals);
    size_t total = (size_t)(w->index_width = first > last ? first : last) + 2;
    for (size_t i = 0; i < t->n_curves; i++) {
        double low = INFINITY, high = -INFINITY;
        struct column *c = &w->columns[i];
        for (size_t k = 0; k < t->rows; k++) {
            low = fmin(low, t->curves[i].value[k]);
            high = fmax(high, t->curves[i].value[k]);
        }
        c->format = number_format_of(t->curves[i].curve);
        c->width = (int)strlen(LAS_NULL);
        if (low <= high) {
            int a = write_value(text, low, c->format), b = write_value(text, high, c->format);
            c->width = (int)fmax(c->width, a > b ? a : b);
        }
        total += (size_t)c->width + 1;
    }
    w->wrap = total > LINE_MAX_BYTES;
}

/* Right-justifies text in `width` after one space. */
static char *append(char *at, const char *text, int length, int width)
{
    *at++ = ' ';
    for (; width > length; width--)
        *at++ = ' ';
    memcpy(at, text, (size_t)length);
    return at + length;
}

static char *end_line(char *at)
{
    *at++ = '\r';
    *at++ = '\n';
    return at;
}

static void put_step(struct writer *w, size_t row)
{
    const struct table *t = w->table;
    char text[NUMBER_MAX], *at = w->line;
    int length = number_write_scaled(text, table_index_scaled(t, row), t->decimals);
    at = append(at, text, length, w->index_width);
    char *line = w->wrap ? (at = end_line(at)) : w->line;
    for (size_t i = 0; i < t->n_curves; i++) {
        length = write_value(text, t->curves[i].value[row], w->columns[i].format);
        int width = length > w->columns[i].width ? length : w->columns[i].width;
        if (w->wrap && at > line && at - line + width + 3 > WRAPPED_MAX_BYTES)
            line = at = end_line(at);
        at = append(at, text, length, w->columns[i].width);
    }
    at = end_line(at);
    put(w, w->line, (size_t)(at - w->line));
}

/* The names over their columns, where the line has room for them. */
static void put_data_title(struct writer *w)
{
    char line[LINE_MAX_BYTES];
    int n = snprintf(line, sizeof line, "~A %*s", w->index_width > 2 ? w->index_width - 2 : 1, "DEPT");
    for (size_t i = 0; i < w->table->n_curves && n < LINE_MAX_BYTES - 2; i++)
        n += snprintf(line + n, sizeof line - (size_t)n, " %*s", w->columns[i].width, w->table->curves[i].curve->mnemonic);
    put_line(w, "%s", w->wrap || n >= LINE_MAX_BYTES - 2 ? "~A" : line);
}

enum err_code las_write(FILE *out, const struct table *table, const struct las_header *header,
                        const struct las_origin *origin, struct err *e)
{
    if (!table->has_depth || table->rows == 0)
        return err_field(e, ERR_INVALID, "depth_top", "A LAS file needs depths: give depth_top and depth_bottom, or depth lines.");
    if (table->unit == DEPTH_NONE)
        return err_field(e, ERR_INVALID, "depth_unit", "A LAS file needs the unit of its depths: ft or m.");
    struct writer w = { .out = out, .table = table, .e = e };
    w.columns = calloc(table->n_curves + 1, sizeof *w.columns);
    w.line = malloc((table->n_curves + 1) * (NUMBER_MAX + 8));
    if (!w.columns || !w.line) {
        w.code = err_memory(e, what);
        goto out;
    }
    measure_columns(&w);
    put_version(&w);
    put_well(&w, header);
    put_curves(&w);
    put_other(&w, origin);
    put_data_title(&w);
    for (size_t row = 0; row < table->rows && w.code == ERR_OK; row++)
        put_step(&w, row);
    if (w.code == ERR_OK)
        w.code = stream_flush(out, what, e);
out:
    free(w.columns);
    free(w.line);
    return w.code;
}

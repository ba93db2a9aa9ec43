#include "server/fields.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/curve_spec.h"
#include "server/field_value.h"
#include "server/ids.h"
#include "server/layout_check.h"
#include "server/layout_json.h"

/* What has been read so far; put together at the end, since the fields come in any order. */
struct reading {
    struct digitize_options *out;
    struct layout_track track;        /* the one track that curve, edge and track describe */
    struct depth_line *lines;
    size_t n_lines;
    bool has_track, has_top, has_bottom;
    double track_box[4];              /* x0, y0, x1, y1 */
    enum depth_unit depth_unit;
    const char *layout;
};

struct reader {
    const char *name;
    enum err_code (*read)(struct reading *r, const struct reader *reader, const char *value, struct err *e);
    bool repeats, in_layout;          /* in_layout: a layout says it instead */
    size_t offset, size;              /* of the text in digitize_options */
};

static enum err_code read_text(struct reading *r, const struct reader *reader, const char *value, struct err *e)
{
    char *to = (char *)r->out + reader->offset;
    size_t length = strlen(value);
    if (!value_is_utf8(value))
        return err_field(e, ERR_MALFORMED, reader->name, "%s is not UTF-8.", reader->name);
    if (length >= reader->size)
        return err_field(e, ERR_INVALID, reader->name, "%s is longer than %zu bytes.", reader->name, reader->size - 1);
    memcpy(to, value, length + 1);
    return ERR_OK;
}

static enum err_code read_model(struct reading *r, const struct reader *reader, const char *value, struct err *e)
{
    if (value[0] && !id_is_safe(value, reader->size))
        return err_field(e, ERR_INVALID, reader->name,
                         "A model's name is 1 to %zu letters, digits and ._- and does not begin with a dot.", reader->size - 1);
    return read_text(r, reader, value, e);
}

static enum err_code read_number(const struct reader *reader, const char *value, double *out, struct err *e)
{
    char quote[VALUE_QUOTE_MAX];
    if (!value_number(value, out))
        return err_field(e, ERR_MALFORMED, reader->name, "%s \"%s\" is not a number.", reader->name, value_quote(quote, value));
    return ERR_OK;
}

static enum err_code read_depth(const struct reader *reader, const char *value, double *out, struct err *e)
{
    enum err_code code = read_number(reader, value, out, e);
    if (code == ERR_OK && fabs(*out) > LAYOUT_MAX_DEPTH)
        return err_field(e, ERR_INVALID, reader->name, "A depth of %g is in no well.", *out);
    return code;
}

static enum err_code read_depth_top(struct reading *r, const struct reader *reader, const char *value, struct err *e)
{
    r->has_top = true;
    return read_depth(reader, value, &r->out->request.depth_top, e);
}

static enum err_code read_depth_bottom(struct reading *r, const struct reader *reader, const char *value, struct err *e)
{
    r->has_bottom = true;
    return read_depth(reader, value, &r->out->request.depth_bottom, e);
}

static enum err_code read_depth_unit(struct reading *r, const struct reader *reader, const char *value, struct err *e)
{
    char quote[VALUE_QUOTE_MAX];
    if (!value_depth_unit(value, &r->depth_unit))
        return err_field(e, ERR_INVALID, reader->name, "depth_unit \"%s\" must be ft or m.", value_quote(quote, value));
    return ERR_OK;
}

static enum err_code read_step(struct reading *r, const struct reader *reader, const char *value, struct err *e)
{
    double *step = &r->out->request.step;
    enum err_code code = read_number(reader, value, step, e);
    if (code == ERR_OK && !(*step > 0))
        return err_field(e, ERR_INVALID, reader->name, "The step of %g must be over 0.", *step);
    return code;
}

/* Makes room for one more of `n` elements, doubling, up to max. */
static enum err_code grow(void **elements, size_t n, size_t size, size_t max, const struct reader *reader, struct err *e)
{
    if (n == max)
        return err_field(e, ERR_INVALID, reader->name, "More than %zu times %s is given.", max, reader->name);
    if (n & (n - 1))
        return ERR_OK;
    void *larger = realloc(*elements, (n ? 2 * n : 1) * size);
    if (!larger)
        return err_memory(e, "the request's fields");
    *elements = larger;
    return ERR_OK;
}

static enum err_code read_depth_line(struct reading *r, const struct reader *reader, const char *value, struct err *e)
{
    double pair[2];
    void *lines = r->lines;
    enum err_code code = grow(&lines, r->n_lines, sizeof *r->lines, LAYOUT_MAX_LINES, reader, e);
    r->lines = lines;
    if (code == ERR_OK)
        code = numbers_read(value, ':', pair, 2, reader->name, "ROW:DEPTH", e);
    if (code != ERR_OK)
        return code;
    struct depth_line *line = &r->lines[r->n_lines++];
    line->depth = pair[1];
    return layout_check_row(pair[0], &line->y, reader->name, e);
}

static enum err_code read_edge(struct reading *r, const struct reader *reader, const char *value, struct err *e)
{
    double edge[3];
    void *edges = r->track.edges;
    enum err_code code = grow(&edges, r->track.n_edges, sizeof *r->track.edges, LAYOUT_MAX_EDGES, reader, e);
    r->track.edges = edges;
    if (code == ERR_OK)
        code = numbers_read(value, ':', edge, 3, reader->name, "ROW:X0:X1", e);
    if (code == ERR_OK)
        code = layout_check_columns(edge[1], edge[2], reader->name, e);
    if (code != ERR_OK)
        return code;
    struct layout_edge *to = &r->track.edges[r->track.n_edges++];
    to->x0 = edge[1];
    to->x1 = edge[2];
    return layout_check_row(edge[0], &to->y, reader->name, e);
}

static enum err_code read_curve(struct reading *r, const struct reader *reader, const char *value, struct err *e)
{
    struct layout_track *t = &r->track;
    void *curves = t->curves;
    enum err_code code = grow(&curves, t->n_curves, sizeof *t->curves, LAYOUT_MAX_CURVES, reader, e);
    t->curves = curves;
    if (code == ERR_OK)
        code = curve_spec_read(value, t->n_curves, &t->curves[t->n_curves], e);
    if (code == ERR_OK)
        code = layout_check_unique(t->curves, t->n_curves, t->curves[t->n_curves].mnemonic, reader->name, e);
    if (code == ERR_OK)
        t->n_curves++;
    return code;
}

static enum err_code read_track(struct reading *r, const struct reader *reader, const char *value, struct err *e)
{
    double *box = r->track_box;
    enum err_code code = numbers_read(value, ',', box, 4, reader->name, "x0,y0,x1,y1", e);
    if (code != ERR_OK)
        return code;
    for (int i = 0; i < 4; i++)
        if (box[i] != floor(box[i]) || box[i] < 0 || box[i] > LAYOUT_MAX_PIXEL)
            return err_field(e, ERR_INVALID, reader->name, "%g is no pixel of a scan: track takes whole numbers from 0.", box[i]);
    if (box[2] - box[0] < 2 || box[3] - box[1] < 1)
        return err_field(e, ERR_INVALID, reader->name, "The track is empty: x1 and y1 are exclusive and must lie beyond x0 and y0.");
    r->has_track = true;
    return ERR_OK;
}

static enum err_code read_layout(struct reading *r, const struct reader *reader, const char *value, struct err *e)
{
    (void)reader;
    r->layout = value;
    return layout_json_read(value, strlen(value), &r->out->request.layout, &r->out->request.has_rows, e);
}

static enum err_code read_format(struct reading *r, const struct reader *reader, const char *value, struct err *e)
{
    static const char *const words[] = { [FORMAT_JSON] = "json", [FORMAT_CSV] = "csv", [FORMAT_LAS] = "las", [FORMAT_PNG] = "png" };
    char quote[VALUE_QUOTE_MAX];
    int word = value_word(value, words, sizeof words / sizeof words[0]);
    if (word < 0)
        return err_field(e, ERR_INVALID, reader->name, "format \"%s\" must be json, csv, las or png.", value_quote(quote, value));
    r->out->format = (enum fields_format)word;
    r->out->has_format = 1;
    return ERR_OK;
}

static enum err_code read_switch(const struct reader *reader, const char *value, bool *on, struct err *e)
{
    static const char *const words[] = { "0", "false", "1", "true" };
    char quote[VALUE_QUOTE_MAX];
    int word = value_word(value, words, sizeof words / sizeof words[0]);
    if (word < 0)
        return err_field(e, ERR_INVALID, reader->name, "%s \"%s\" must be 0 or 1.", reader->name, value_quote(quote, value));
    *on = word >= 2;
    return ERR_OK;
}

static enum err_code read_confidence(struct reading *r, const struct reader *reader, const char *value, struct err *e)
{
    return read_switch(reader, value, &r->out->request.confidence_columns, e);
}

static enum err_code read_second_look(struct reading *r, const struct reader *reader, const char *value, struct err *e)
{
    bool wanted = true;
    enum err_code code = read_switch(reader, value, &wanted, e);
    r->out->request.one_look = !wanted;
    return code;
}

#define TEXT(field, member, how) \
    { field, how, false, false, offsetof(struct digitize_options, member), sizeof ((struct digitize_options *)0)->member }

static const struct reader readers[] = {
    { "depth_top", read_depth_top, false, true, 0, 0 },
    { "depth_bottom", read_depth_bottom, false, true, 0, 0 },
    { "depth_unit", read_depth_unit, false, true, 0, 0 },
    { "depth_line", read_depth_line, true, true, 0, 0 },
    { "edge", read_edge, true, true, 0, 0 },
    { "track", read_track, false, true, 0, 0 },
    { "curve", read_curve, true, true, 0, 0 },
    { "layout", read_layout, false, false, 0, 0 },
    { "step", read_step, false, false, 0, 0 },
    { "format", read_format, false, false, 0, 0 },
    { "confidence", read_confidence, false, false, 0, 0 },
    { "second_look", read_second_look, false, false, 0, 0 },
    TEXT("model", model, read_model),
    TEXT("key", key, read_text),
    TEXT("well", request.header.well, read_text),
    TEXT("company", request.header.company, read_text),
    TEXT("field", request.header.field, read_text),
    TEXT("location", request.header.location, read_text),
    TEXT("county", request.header.county, read_text),
    TEXT("state", request.header.state, read_text),
    TEXT("country", request.header.country, read_text),
    TEXT("service_company", request.header.service_company, read_text),
    TEXT("date", request.header.date, read_text),
    TEXT("api", request.header.api, read_text),
    TEXT("uwi", request.header.uwi, read_text),
};

enum { READERS = sizeof readers / sizeof readers[0] };

static int find_reader(const char *name)
{
    for (int i = 0; i < READERS; i++)
        if (strcmp(readers[i].name, name) == 0)
            return i;
    return -1;
}

static enum err_code read_all(struct reading *r, const struct field *fields, size_t n, struct err *e)
{
    bool seen[READERS] = { false };
    char quote[VALUE_QUOTE_MAX];
    for (size_t i = 0; i < n; i++) {
        int k = find_reader(fields[i].name);
        if (k < 0)
            return err_field(e, ERR_MALFORMED, value_quote(quote, fields[i].name), "There is no field \"%s\".",
                             value_quote(quote, fields[i].name));
        if (seen[k] && !readers[k].repeats)
            return err_field(e, ERR_MALFORMED, readers[k].name, "%s is given twice.", readers[k].name);
        seen[k] = true;
        enum err_code code = readers[k].read(r, &readers[k], fields[i].value, e);
        if (code != ERR_OK)
            return code;
    }
    for (int k = 0; r->layout && k < READERS; k++)
        if (seen[k] && readers[k].in_layout)
            return err_field(e, ERR_INVALID, readers[k].name, "%s is part of the layout: give the one or the other.", readers[k].name);
    return ERR_OK;
}

static enum err_code check_depths(const struct reading *r, struct err *e)
{
    const struct pipeline_request *q = &r->out->request;
    bool has_range = r->has_top || r->has_bottom, has_lines = r->n_lines > 0;
    if (has_lines && has_range)
        return err_field(e, ERR_INVALID, "depth_line",
                         "Depth lines stand in place of depth_top and depth_bottom: give the one or the other.");
    if (has_range && !(r->has_top && r->has_bottom)) {
        const char *missing = r->has_top ? "depth_bottom" : "depth_top";
        return err_field(e, ERR_INVALID, missing, "depth_top and depth_bottom belong together: %s is missing.", missing);
    }
    if (has_range && !(q->depth_bottom > q->depth_top))
        return err_field(e, ERR_INVALID, "depth_bottom",
                         "depth_bottom, %g, must be greater than depth_top, %g; for depths that fall down the page give depth lines.",
                         q->depth_bottom, q->depth_top);
    if ((has_range || has_lines) && r->depth_unit == DEPTH_NONE)
        return err_field(e, ERR_INVALID, "depth_unit", "Depths are given without their unit: say ft or m.");
    return has_lines ? layout_check_lines(r->lines, r->n_lines, "depth_line", e) : ERR_OK;
}

/* The track's columns: as given, or as wide as its edges, or (both 0) as the scan. */
static enum err_code place_track(struct reading *r, struct err *e)
{
    struct pipeline_request *q = &r->out->request;
    struct layout_track *t = &r->track;
    if (r->has_track) {
        t->x0 = r->track_box[0];
        t->x1 = r->track_box[2] - 1;
        q->layout.y0 = (int)r->track_box[1];
        q->layout.y1 = (int)r->track_box[3];
        q->has_rows = true;
    } else if (t->n_edges) {
        layout_span_edges(t->edges, t->n_edges, &t->x0, &t->x1);
    }
    return layout_check_edges(t->edges, t->n_edges, "edge", e);
}

/* Moves what was read into the layout. */
static enum err_code assemble(struct reading *r, struct err *e)
{
    struct layout *layout = &r->out->request.layout;
    enum err_code code = check_depths(r, e);
    if (code == ERR_OK)
        code = place_track(r, e);
    if (code != ERR_OK)
        return code;
    if (r->has_track || r->track.n_edges || r->track.n_curves) {
        layout->tracks = calloc(1, sizeof *layout->tracks);
        if (!layout->tracks)
            return err_memory(e, "the request's fields");
        layout->tracks[layout->n_tracks++] = r->track;
        r->track = (struct layout_track){ 0 };
    }
    layout->depth_unit = r->depth_unit;
    layout->depth_lines = r->lines;
    layout->n_depth_lines = r->n_lines;
    r->lines = NULL;
    r->out->request.has_depth_range = r->has_top;
    return ERR_OK;
}

enum err_code fields_parse(const struct field *fields, size_t n, struct digitize_options *out, struct err *e)
{
    memset(out, 0, sizeof *out);
    struct reading r = { .out = out };
    enum err_code code = read_all(&r, fields, n, e);
    if (code == ERR_OK && !r.layout)
        code = assemble(&r, e);
    free(r.lines);
    free(r.track.edges);
    free(r.track.curves);
    if (code != ERR_OK)
        fields_clear(out);
    return code;
}

void fields_clear(struct digitize_options *options)
{
    layout_clear(&options->request.layout);
}

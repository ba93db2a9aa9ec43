#include "server/layout_json.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "postproc/number.h"
#include "server/field_value.h"
#include "server/layout_check.h"

enum { PATH_SIZE = sizeof ((struct err *)0)->field };

/* Where in the document we are, as the user would write it. */
struct path { char text[PATH_SIZE]; };

static struct path __attribute__((format(printf, 2, 3))) below(const struct path *parent, const char *format, ...)
{
    struct path p = *parent;
    size_t n = strlen(p.text);
    va_list args;
    va_start(args, format);
    vsnprintf(p.text + n, sizeof p.text - n, format, args);
    va_end(args);
    return p;
}

/* An object whose members are all among `names` (NULL at the end), each at most once. */
static enum err_code check_object(const cJSON *object, const struct path *at, const char *const *names, struct err *e)
{
    const cJSON *member;
    if (!cJSON_IsObject(object))
        return err_field(e, ERR_MALFORMED, at->text, "%s must be an object.", at->text);
    cJSON_ArrayForEach(member, object) {
        char quote[VALUE_QUOTE_MAX];
        size_t i = 0;
        while (names[i] && strcmp(names[i], member->string) != 0)
            i++;
        struct path p = below(at, ".%s", value_quote(quote, member->string));
        if (!names[i])
            return err_field(e, ERR_MALFORMED, p.text, "%s has no member \"%s\".", at->text, quote);
        if (cJSON_GetObjectItemCaseSensitive(object, names[i]) != member)
            return err_field(e, ERR_MALFORMED, p.text, "%s is given twice.", p.text);
    }
    return ERR_OK;
}

static enum err_code read_number(const cJSON *item, const struct path *at, double *out, struct err *e)
{
    if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
        return err_field(e, ERR_MALFORMED, at->text, "%s must be a number.", at->text);
    *out = item->valuedouble;
    return ERR_OK;
}

static enum err_code read_pair(const cJSON *item, const struct path *at, double *first, double *second, struct err *e)
{
    if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) != 2)
        return err_field(e, ERR_MALFORMED, at->text, "%s must be an array of two numbers.", at->text);
    enum err_code code = read_number(cJSON_GetArrayItem(item, 0), at, first, e);
    return code != ERR_OK ? code : read_number(cJSON_GetArrayItem(item, 1), at, second, e);
}

/* Room for the elements of an array or the members of an object; *out stays NULL where there are none. */
static enum err_code make_room(const cJSON *item, bool is_right_kind, const struct path *at, const char *kind, size_t max,
                               size_t size, void **out, size_t *n, struct err *e)
{
    *out = NULL;
    *n = 0;
    if (!is_right_kind)
        return err_field(e, ERR_MALFORMED, at->text, "%s must be %s.", at->text, kind);
    size_t count = (size_t)cJSON_GetArraySize(item);
    if (count > max)
        return err_field(e, ERR_INVALID, at->text, "%s has %zu entries; at most %zu are taken.", at->text, count, max);
    if (count == 0)
        return ERR_OK;
    *out = calloc(count, size);
    if (!*out)
        return err_memory(e, "the layout");
    *n = count;
    return ERR_OK;
}

static enum err_code read_row_key(const char *key, const struct path *at, double *y, struct err *e)
{
    char quote[VALUE_QUOTE_MAX];
    double row;
    if (!value_number(key, &row))
        return err_field(e, ERR_MALFORMED, at->text, "\"%s\" is not a row.", value_quote(quote, key));
    return layout_check_row(row, y, at->text, e);
}

static enum err_code read_rows(const cJSON *item, const struct path *at, struct layout *out, struct err *e)
{
    double y0, y1;
    enum err_code code = read_pair(item, at, &y0, &y1, e);
    if (code != ERR_OK)
        return code;
    if (y0 < 0 || y1 > LAYOUT_MAX_PIXEL || y0 != floor(y0) || y1 != floor(y1) || !(y0 < y1))
        return err_field(e, ERR_INVALID, at->text, "Rows %g to %g must be whole, and the second after the first.", y0, y1);
    out->y0 = (int)y0;
    out->y1 = (int)y1;
    return ERR_OK;
}

static enum err_code read_depth_lines(const cJSON *item, const struct path *at, struct layout *out, struct err *e)
{
    const cJSON *member;
    size_t i = 0;
    void *lines;
    enum err_code code = make_room(item, cJSON_IsObject(item), at, "an object of depths by row", LAYOUT_MAX_LINES,
                                   sizeof *out->depth_lines, &lines, &out->n_depth_lines, e);
    out->depth_lines = lines;
    if (code != ERR_OK || out->n_depth_lines == 0)
        return code;
    cJSON_ArrayForEach(member, item) {
        char quote[VALUE_QUOTE_MAX];
        struct path p = below(at, ".%s", value_quote(quote, member->string));
        code = read_row_key(member->string, &p, &out->depth_lines[i].y, e);
        if (code == ERR_OK)
            code = read_number(member, &p, &out->depth_lines[i++].depth, e);
        if (code != ERR_OK)
            return code;
    }
    return layout_check_lines(out->depth_lines, out->n_depth_lines, at->text, e);
}

static enum err_code read_edges(const cJSON *item, const struct path *at, struct layout_track *out, struct err *e)
{
    const cJSON *member;
    size_t i = 0;
    void *edges;
    enum err_code code = make_room(item, cJSON_IsObject(item), at, "an object of column pairs by row", LAYOUT_MAX_EDGES,
                                   sizeof *out->edges, &edges, &out->n_edges, e);
    out->edges = edges;
    if (code != ERR_OK)
        return code;
    cJSON_ArrayForEach(member, item) {
        char quote[VALUE_QUOTE_MAX];
        struct path p = below(at, ".%s", value_quote(quote, member->string));
        struct layout_edge *edge = &out->edges[i++];
        code = read_row_key(member->string, &p, &edge->y, e);
        if (code == ERR_OK)
            code = read_pair(member, &p, &edge->x0, &edge->x1, e);
        if (code == ERR_OK)
            code = layout_check_columns(edge->x0, edge->x1, p.text, e);
        if (code != ERR_OK)
            return code;
    }
    return layout_check_edges(out->edges, out->n_edges, at->text, e);
}

/* A member that is text; *out is "" where it is left out. */
static enum err_code read_text(const cJSON *object, const char *name, const struct path *at, const char **out, struct err *e)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    *out = "";
    if (!item)
        return ERR_OK;
    if (!cJSON_IsString(item)) {
        struct path p = below(at, ".%s", name);
        return err_field(e, ERR_MALFORMED, p.text, "%s must be text.", p.text);
    }
    *out = item->valuestring;
    return ERR_OK;
}

static enum err_code read_names(const cJSON *item, const struct path *at, struct layout_curve *out, struct err *e)
{
    const char *mnemonic, *unit;
    struct path mnemonic_at = below(at, ".mnemonic"), unit_at = below(at, ".unit");
    enum err_code code = read_text(item, "mnemonic", at, &mnemonic, e);
    if (code == ERR_OK)
        code = layout_check_mnemonic(mnemonic, out->mnemonic, mnemonic_at.text, e);
    if (code == ERR_OK)
        code = read_text(item, "unit", at, &unit, e);
    if (code == ERR_OK)
        code = layout_check_unit(unit, out->unit, unit_at.text, e);
    return code;
}

static enum err_code read_words(const cJSON *item, size_t order, const struct path *at, struct layout_curve *out,
                                struct err *e)
{
    const char *scale, *style;
    enum err_code code = read_text(item, "scale", at, &scale, e);
    if (code == ERR_OK)
        code = read_text(item, "style", at, &style, e);
    if (code != ERR_OK)
        return code;
    out->style = layout_style_by_order(order);
    out->style_guessed = !style[0];
    if (scale[0] && !value_scale(scale, &out->scale)) {
        struct path p = below(at, ".scale");
        return err_field(e, ERR_INVALID, p.text, "%s must be lin or log.", p.text);
    }
    if (style[0] && !value_style(style, &out->style)) {
        struct path p = below(at, ".style");
        return err_field(e, ERR_INVALID, p.text, "%s must be solid, dashed or dotted.", p.text);
    }
    return ERR_OK;
}

static enum err_code read_curve(const cJSON *item, size_t order, const struct path *at, struct layout_curve *out,
                                struct err *e)
{
    static const char *const names[] = { "mnemonic", "unit", "left", "right", "scale", "style", NULL };
    enum err_code code = check_object(item, at, names, e);
    if (code == ERR_OK)
        code = read_names(item, at, out, e);
    if (code == ERR_OK)
        code = read_words(item, order, at, out, e);
    if (code != ERR_OK)
        return code;
    const cJSON *left = cJSON_GetObjectItemCaseSensitive(item, "left"), *right = cJSON_GetObjectItemCaseSensitive(item, "right");
    struct path left_at = below(at, ".left"), right_at = below(at, ".right");
    if (!left && !right) {
        out->left = 0;
        out->right = 1;
    } else {
        code = read_number(left, &left_at, &out->left, e);
        if (code == ERR_OK)
            code = read_number(right, &right_at, &out->right, e);
        if (code != ERR_OK)
            return code;
    }
    return layout_check_scale(out, left_at.text, e);
}

static enum err_code read_curves(const cJSON *item, const struct path *at, size_t max, struct layout_track *out, struct err *e)
{
    const cJSON *element;
    void *curves;
    size_t n;
    enum err_code code = make_room(item, cJSON_IsArray(item), at, "an array of curves", max, sizeof *out->curves, &curves,
                                   &n, e);
    out->curves = curves;
    if (code != ERR_OK)
        return code;
    cJSON_ArrayForEach(element, item) {
        struct path p = below(at, "[%zu]", out->n_curves);
        code = read_curve(element, out->n_curves, &p, &out->curves[out->n_curves], e);
        if (code != ERR_OK)
            return code;
        out->n_curves++;
    }
    return ERR_OK;
}

static enum err_code read_track(const cJSON *item, const struct path *at, size_t max_curves, struct layout_track *out,
                                struct err *e)
{
    static const char *const names[] = { "x", "x_at", "curves", NULL };
    struct path x_at = below(at, ".x"), edges_at = below(at, ".x_at"), curves_at = below(at, ".curves");
    enum err_code code = check_object(item, at, names, e);
    if (code != ERR_OK)
        return code;
    const cJSON *x = cJSON_GetObjectItemCaseSensitive(item, "x"), *edges = cJSON_GetObjectItemCaseSensitive(item, "x_at");
    const cJSON *curves = cJSON_GetObjectItemCaseSensitive(item, "curves");
    if (edges)
        code = read_edges(edges, &edges_at, out, e);
    if (code == ERR_OK && x) {
        code = read_pair(x, &x_at, &out->x0, &out->x1, e);
        if (code == ERR_OK)
            code = layout_check_columns(out->x0, out->x1, x_at.text, e);
    } else if (out->n_edges) {
        layout_span_edges(out->edges, out->n_edges, &out->x0, &out->x1);
    }
    if (code == ERR_OK && curves)
        code = read_curves(curves, &curves_at, max_curves, out, e);
    return code;
}

/* All curves of the layout stand side by side in one file. */
static enum err_code check_names(const struct layout *layout, const struct path *at, struct err *e)
{
    for (size_t t = 0; t < layout->n_tracks; t++)
        for (size_t k = 0; k < layout->tracks[t].n_curves; k++) {
            const char *name = layout->tracks[t].curves[k].mnemonic;
            struct path p = below(at, "[%zu].curves[%zu].mnemonic", t, k);
            enum err_code code = layout_check_unique(layout->tracks[t].curves, k, name, p.text, e);
            for (size_t s = 0; code == ERR_OK && s < t; s++)
                code = layout_check_unique(layout->tracks[s].curves, layout->tracks[s].n_curves, name, p.text, e);
            if (code != ERR_OK)
                return code;
        }
    return ERR_OK;
}

static enum err_code read_tracks(const cJSON *item, const struct path *at, struct layout *out, struct err *e)
{
    const cJSON *element;
    size_t i = 0, curves = 0;
    void *tracks;
    enum err_code code = make_room(item, cJSON_IsArray(item), at, "an array of tracks", LAYOUT_MAX_TRACKS, sizeof *out->tracks,
                                   &tracks, &out->n_tracks, e);
    out->tracks = tracks;
    if (code == ERR_OK && out->n_tracks == 0)
        return err_field(e, ERR_INVALID, at->text, "%s is empty: name at least one track.", at->text);
    if (code != ERR_OK)
        return code;
    cJSON_ArrayForEach(element, item) {
        struct path p = below(at, "[%zu]", i);
        code = read_track(element, &p, LAYOUT_MAX_CURVES - curves, &out->tracks[i], e);
        if (code != ERR_OK)
            return code;
        curves += out->tracks[i++].n_curves;
    }
    return check_names(out, at, e);
}

static enum err_code read_layout(const cJSON *root, struct layout *out, bool *has_rows, struct err *e)
{
    static const char *const names[] = { "depth_unit", "rows", "depth_lines", "tracks", NULL };
    const struct path at = { "layout" };
    struct path rows_at = below(&at, ".rows"), lines_at = below(&at, ".depth_lines"), tracks_at = below(&at, ".tracks");
    struct path unit_at = below(&at, ".depth_unit");
    const char *unit;
    enum err_code code = check_object(root, &at, names, e);
    if (code == ERR_OK)
        code = read_text(root, "depth_unit", &at, &unit, e);
    if (code != ERR_OK)
        return code;
    if (unit[0] && !value_depth_unit(unit, &out->depth_unit))
        return err_field(e, ERR_INVALID, unit_at.text, "The depth unit must be ft or m.");
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(root, "rows");
    const cJSON *lines = cJSON_GetObjectItemCaseSensitive(root, "depth_lines");
    const cJSON *tracks = cJSON_GetObjectItemCaseSensitive(root, "tracks");
    *has_rows = rows != NULL;
    if (rows)
        code = read_rows(rows, &rows_at, out, e);
    if (code == ERR_OK && lines)
        code = read_depth_lines(lines, &lines_at, out, e);
    if (code == ERR_OK && out->n_depth_lines && out->depth_unit == DEPTH_NONE)
        return err_field(e, ERR_INVALID, unit_at.text, "Depths are given without their unit: say ft or m.");
    if (code == ERR_OK)
        code = read_tracks(tracks, &tracks_at, out, e);
    return code;
}

enum err_code layout_json_read(const char *text, size_t length, struct layout *out, bool *has_rows, struct err *e)
{
    const char *end = NULL;
    memset(out, 0, sizeof *out);
    cJSON *root = cJSON_ParseWithLengthOpts(text, length, &end, false);
    while (root && end < text + length && (*end == ' ' || *end == '\t' || *end == '\r' || *end == '\n'))
        end++;
    if (!root || end != text + length) {
        cJSON_Delete(root);
        return err_field(e, ERR_MALFORMED, "layout", "The layout is not JSON: it cannot be read from byte %zu on.",
                         end ? (size_t)(end - text) : 0);
    }
    enum err_code code = read_layout(root, out, has_rows, e);
    cJSON_Delete(root);
    if (code != ERR_OK)
        layout_clear(out);
    return code;
}

static bool add_pair(cJSON *object, const char *name, double first, double second)
{
    const double pair[] = { first, second };
    cJSON *array = cJSON_CreateDoubleArray(pair, 2);
    if (array && cJSON_AddItemToObject(object, name, array))
        return true;
    cJSON_Delete(array);
    return false;
}

static bool add_edges(cJSON *object, const struct layout_track *track)
{
    cJSON *edges = track->n_edges ? cJSON_AddObjectToObject(object, "x_at") : NULL;
    for (size_t i = 0; edges && i < track->n_edges; i++) {
        char row[NUMBER_MAX];
        number_write_shortest(row, track->edges[i].y - 0.5);
        if (!add_pair(edges, row, track->edges[i].x0, track->edges[i].x1))
            return false;
    }
    return edges || !track->n_edges;
}

static bool add_curve(cJSON *array, const struct layout_curve *curve)
{
    cJSON *object = cJSON_CreateObject();
    if (!object || !cJSON_AddItemToArray(array, object)) {
        cJSON_Delete(object);
        return false;
    }
    return cJSON_AddStringToObject(object, "mnemonic", curve->mnemonic) && cJSON_AddStringToObject(object, "unit", curve->unit) &&
           cJSON_AddNumberToObject(object, "left", curve->left) && cJSON_AddNumberToObject(object, "right", curve->right) &&
           cJSON_AddStringToObject(object, "scale", curve->scale == SCALE_LOG ? "log" : "lin") &&
           (curve->style_guessed || cJSON_AddStringToObject(object, "style", layout_style_name(curve->style)));
}

static bool add_track(cJSON *array, const struct layout_track *track)
{
    cJSON *object = cJSON_CreateObject();
    if (!object || !cJSON_AddItemToArray(array, object)) {
        cJSON_Delete(object);
        return false;
    }
    bool whole_width = track->x0 == 0 && track->x1 == 0;
    if ((!whole_width && !add_pair(object, "x", track->x0, track->x1)) || !add_edges(object, track))
        return false;
    cJSON *curves = cJSON_AddArrayToObject(object, "curves");
    for (size_t i = 0; curves && i < track->n_curves; i++)
        if (!add_curve(curves, &track->curves[i]))
            return false;
    return curves != NULL;
}

static bool add_depths(cJSON *root, const struct layout *layout)
{
    if (layout->depth_unit != DEPTH_NONE &&
        !cJSON_AddStringToObject(root, "depth_unit", layout->depth_unit == DEPTH_FT ? "ft" : "m"))
        return false;
    if (layout->y1 > layout->y0 && !add_pair(root, "rows", layout->y0, layout->y1))
        return false;
    cJSON *lines = layout->n_depth_lines ? cJSON_AddObjectToObject(root, "depth_lines") : NULL;
    for (size_t i = 0; lines && i < layout->n_depth_lines; i++) {
        char row[NUMBER_MAX];
        number_write_shortest(row, layout->depth_lines[i].y - 0.5);
        if (!cJSON_AddNumberToObject(lines, row, layout->depth_lines[i].depth))
            return false;
    }
    return lines || !layout->n_depth_lines;
}

char *layout_json_write(const struct layout *layout)
{
    char *text = NULL;
    cJSON *root = cJSON_CreateObject();
    if (!root || !add_depths(root, layout))
        goto out;
    cJSON *tracks = cJSON_AddArrayToObject(root, "tracks");
    bool done = tracks != NULL;
    for (size_t i = 0; done && i < layout->n_tracks; i++)
        done = add_track(tracks, &layout->tracks[i]);
    if (done)
        text = cJSON_PrintUnformatted(root);
out:
    cJSON_Delete(root);
    return text;
}

#include "server/layout_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server/field_value.h"

static bool is_alnum(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

enum err_code layout_check_mnemonic(const char *name, char out[32], const char *field, struct err *e)
{
    static const char *const index_names[] = { "DEPT", "DEPTH", "ROW" };
    char quote[VALUE_QUOTE_MAX];
    size_t length = strlen(name);
    if (length == 0)
        return err_field(e, ERR_INVALID, field, "The curve has no mnemonic.");
    if (length > 31)
        return err_field(e, ERR_INVALID, field, "The mnemonic \"%s\" is longer than 31 characters.", value_quote(quote, name));
    for (size_t i = 0; i < length; i++)
        if (!is_alnum(name[i]) && !strchr(i ? "_-+/%*()[]&@$!" : "_%", name[i]))
            return err_field(e, ERR_INVALID, field,
                             "The mnemonic \"%s\" may hold letters, digits and _-+/%%*()[]&@$! only, a letter, a digit, _ or %% first.",
                             value_quote(quote, name));
    if (value_word(name, index_names, sizeof index_names / sizeof index_names[0]) >= 0)
        return err_field(e, ERR_INVALID, field, "The mnemonic %s is the index's.", name);
    memcpy(out, name, length + 1);
    return ERR_OK;
}

enum err_code layout_check_unit(const char *unit, char out[32], const char *field, struct err *e)
{
    char quote[VALUE_QUOTE_MAX];
    size_t length = strlen(unit);
    bool good = length <= 31 && value_is_utf8(unit) && unit[0] != '.';
    for (size_t i = 0; good && i < length; i++)
        good = (unsigned char)unit[i] > 0x20 && unit[i] != 0x7F && unit[i] != ':';
    if (!good)
        return err_field(e, ERR_INVALID, field,
                         "The unit \"%s\" must be at most 31 bytes with no space or colon and no dot at its beginning.",
                         value_quote(quote, unit));
    memcpy(out, unit, length + 1);
    return ERR_OK;
}

enum err_code layout_check_scale(const struct layout_curve *curve, const char *field, struct err *e)
{
    if (!isfinite(curve->left) || !isfinite(curve->right) || fabs(curve->left) > 1e15 || fabs(curve->right) > 1e15)
        return err_field(e, ERR_INVALID, field, "The scale of %s is out of all bounds.", curve->mnemonic);
    if (curve->left == curve->right)
        return err_field(e, ERR_INVALID, field, "The scale of %s is %g at both edges of the track.", curve->mnemonic,
                         curve->left);
    if (curve->scale == SCALE_LOG && (curve->left < 1e-15 || curve->right < 1e-15))
        return err_field(e, ERR_INVALID, field, "The logarithmic scale of %s, %g to %g, must be over 0 at both edges.",
                         curve->mnemonic, curve->left, curve->right);
    return ERR_OK;
}

enum err_code layout_check_unique(const struct layout_curve *curves, size_t n, const char *name, const char *field,
                                  struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(curves[i].mnemonic, name) == 0)
            return err_field(e, ERR_INVALID, field, "Two curves are called %s: every curve needs a name of its own.", name);
    return ERR_OK;
}

enum err_code layout_check_row(double row, double *y, const char *field, struct err *e)
{
    if (!(row >= -0.5 && row <= LAYOUT_MAX_PIXEL))
        return err_field(e, ERR_INVALID, field, "Row %g is on no scan.", row);
    *y = row + 0.5;
    return ERR_OK;
}

static int by_row_of_line(const void *a, const void *b)
{
    double p = ((const struct depth_line *)a)->y, q = ((const struct depth_line *)b)->y;
    return (p > q) - (p < q);
}

static int by_row_of_edge(const void *a, const void *b)
{
    double p = ((const struct layout_edge *)a)->y, q = ((const struct layout_edge *)b)->y;
    return (p > q) - (p < q);
}

enum err_code layout_check_lines(struct depth_line *lines, size_t n, const char *field, struct err *e)
{
    if (n < 2)
        return err_field(e, ERR_INVALID, field, "One depth line says nothing of the scale: give two or more.");
    qsort(lines, n, sizeof *lines, by_row_of_line);
    double sign = lines[n - 1].depth < lines[0].depth ? -1 : 1;
    for (size_t i = 0; i < n; i++) {
        if (!(fabs(lines[i].depth) <= LAYOUT_MAX_DEPTH))
            return err_field(e, ERR_INVALID, field, "A depth of %g is in no well.", lines[i].depth);
        if (i == 0)
            continue;
        if (lines[i].y == lines[i - 1].y)
            return err_field(e, ERR_INVALID, field, "Row %g is given twice.", lines[i].y - 0.5);
        if (!(sign * lines[i].depth > sign * lines[i - 1].depth))
            return err_field(e, ERR_INVALID, field,
                             "Depths must rise (or fall) all the way down: row %g lies at %g and row %g at %g.",
                             lines[i - 1].y - 0.5, lines[i - 1].depth, lines[i].y - 0.5, lines[i].depth);
    }
    return ERR_OK;
}

enum err_code layout_check_columns(double x0, double x1, const char *field, struct err *e)
{
    if (!(fabs(x0) <= LAYOUT_MAX_PIXEL && fabs(x1) <= LAYOUT_MAX_PIXEL))
        return err_field(e, ERR_INVALID, field, "Columns %g and %g are on no scan.", x0, x1);
    if (!(x0 < x1))
        return err_field(e, ERR_INVALID, field, "The left edge, column %g, must lie left of the right one, column %g.", x0, x1);
    return ERR_OK;
}

enum err_code layout_check_edges(struct layout_edge *edges, size_t n, const char *field, struct err *e)
{
    if (n)
        qsort(edges, n, sizeof *edges, by_row_of_edge);
    for (size_t i = 1; i < n; i++)
        if (edges[i].y == edges[i - 1].y)
            return err_field(e, ERR_INVALID, field, "Row %g is given twice.", edges[i].y - 0.5);
    return ERR_OK;
}

void layout_span_edges(const struct layout_edge *edges, size_t n, double *x0, double *x1)
{
    *x0 = edges[0].x0;
    *x1 = edges[0].x1;
    for (size_t i = 1; i < n; i++) {
        *x0 = fmin(*x0, edges[i].x0);
        *x1 = fmax(*x1, edges[i].x1);
    }
}

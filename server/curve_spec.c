#include "server/curve_spec.h"

#include <string.h>

#include "server/field_value.h"
#include "server/layout_check.h"

enum { PARTS_MAX = 6, TEXT_SIZE = 256 };

static const char form[] = "MNEM:UNIT:LEFT:RIGHT[:lin|log][:solid|dashed|dotted]";

/* Cuts the text at the separators, in place; the number of parts, or max + 1 if there are more. */
static size_t split(char *text, char separator, char **parts, size_t max)
{
    size_t n = 0;
    for (char *at = text; at; n++) {
        if (n == max)
            return max + 1;
        parts[n] = at;
        at = strchr(at, separator);
        if (at)
            *at++ = '\0';
    }
    return n;
}

static enum err_code malformed(const char *text, const char *field, const char *written, struct err *e)
{
    char quote[VALUE_QUOTE_MAX];
    return err_field(e, ERR_MALFORMED, field, "%s \"%s\" is not of the form %s.", field, value_quote(quote, text), written);
}

/* LEFT and RIGHT, or neither. */
static enum err_code read_scale(char **parts, size_t n, const char *text, struct layout_curve *out, struct err *e)
{
    char quote[VALUE_QUOTE_MAX];
    if (n < 3 || (n > 3 && !*parts[2] && !*parts[3])) {
        if (out->unit[0])
            return err_field(e, ERR_INVALID, "curve", "The curve %s has a unit but no scale values LEFT and RIGHT.", out->mnemonic);
        out->left = 0;
        out->right = 1;
        return ERR_OK;
    }
    if (n == 3)
        return malformed(text, "curve", form, e);
    for (size_t i = 2; i < 4; i++)
        if (!value_number(parts[i], i == 2 ? &out->left : &out->right))
            return err_field(e, ERR_MALFORMED, "curve", "The scale value \"%s\" of %s is not a number.",
                             value_quote(quote, parts[i]), out->mnemonic);
    return ERR_OK;
}

enum err_code curve_spec_read(const char *text, size_t order, struct layout_curve *out, struct err *e)
{
    char copy[TEXT_SIZE], *parts[PARTS_MAX], quote[VALUE_QUOTE_MAX];
    size_t length = strlen(text);
    bool has_scale = false, has_style = false;
    memset(out, 0, sizeof *out);
    if (length >= sizeof copy)
        return malformed(text, "curve", form, e);
    memcpy(copy, text, length + 1);
    size_t n = split(copy, ':', parts, PARTS_MAX);
    if (n > PARTS_MAX)
        return malformed(text, "curve", form, e);
    enum err_code code = layout_check_mnemonic(parts[0], out->mnemonic, "curve", e);
    if (code == ERR_OK)
        code = layout_check_unit(n > 1 ? parts[1] : "", out->unit, "curve", e);
    if (code == ERR_OK)
        code = read_scale(parts, n, text, out, e);
    if (code != ERR_OK)
        return code;
    out->style = layout_style_by_order(order);
    for (size_t i = 4; i < n; i++) {
        if (!has_scale && value_scale(parts[i], &out->scale))
            has_scale = true;
        else if (!has_style && value_style(parts[i], &out->style))
            has_style = true;
        else
            return err_field(e, ERR_INVALID, "curve", "\"%s\" in the curve %s is not lin, log, solid, dashed or dotted, each kind once.",
                             value_quote(quote, parts[i]), out->mnemonic);
    }
    out->style_guessed = !has_style;
    return layout_check_scale(out, "curve", e);
}

enum err_code numbers_read(const char *text, char separator, double *out, size_t n, const char *field, const char *written,
                           struct err *e)
{
    char copy[TEXT_SIZE], *parts[PARTS_MAX];
    size_t length = strlen(text);
    if (length >= sizeof copy)
        return malformed(text, field, written, e);
    memcpy(copy, text, length + 1);
    if (split(copy, separator, parts, PARTS_MAX) != n)
        return malformed(text, field, written, e);
    for (size_t i = 0; i < n; i++)
        if (!value_number(parts[i], &out[i]))
            return malformed(text, field, written, e);
    return ERR_OK;
}

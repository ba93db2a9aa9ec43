#include "server/field_value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *skip_digits(const char *s)
{
    while (*s >= '0' && *s <= '9')
        s++;
    return s;
}

/* The end of the number that starts at s, or NULL.  strtod alone would take "0x10", "inf" and "nan". */
static const char *number_end(const char *s)
{
    if (*s == '+' || *s == '-')
        s++;
    const char *start = s;
    s = skip_digits(s);
    size_t digits = (size_t)(s - start);
    if (*s == '.') {
        start = ++s;
        s = skip_digits(s);
        digits += (size_t)(s - start);
    }
    if (digits == 0)
        return NULL;
    if (*s == 'e' || *s == 'E') {
        s += s[1] == '+' || s[1] == '-' ? 2 : 1;
        start = s;
        s = skip_digits(s);
        if (s == start)
            return NULL;
    }
    return s;
}

bool value_number(const char *text, double *out)
{
    while (*text == ' ' || *text == '\t')
        text++;
    const char *end = number_end(text);
    if (!end || end[strspn(end, " \t")] != '\0')
        return false;
    char *stopped;
    double value = strtod(text, &stopped);
    if (stopped != end || !isfinite(value))
        return false;
    *out = value;
    return true;
}

int value_word(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(text, words[i]) == 0)
            return (int)i;
    return -1;
}

bool value_depth_unit(const char *text, enum depth_unit *out)
{
    static const char *const feet[] = { "ft", "f", "feet", "foot" };
    static const char *const metres[] = { "m", "metre", "metres", "meter", "meters" };
    if (value_word(text, feet, sizeof feet / sizeof feet[0]) >= 0)
        *out = DEPTH_FT;
    else if (value_word(text, metres, sizeof metres / sizeof metres[0]) >= 0)
        *out = DEPTH_M;
    else
        return false;
    return true;
}

bool value_scale(const char *text, enum curve_scale *out)
{
    static const char *const words[] = { [SCALE_LIN] = "lin", [SCALE_LOG] = "log" };
    int word = value_word(text, words, sizeof words / sizeof words[0]);
    if (word < 0)
        return false;
    *out = (enum curve_scale)word;
    return true;
}

bool value_style(const char *text, enum curve_style *out)
{
    for (int style = 0; style < STYLE_COUNT; style++)
        if (strcasecmp(text, layout_style_name((enum curve_style)style)) == 0) {
            *out = (enum curve_style)style;
            return true;
        }
    return false;
}

/* Bytes of the sequence that `lead` opens, and the bounds of its second byte (RFC 3629, section 4). */
static int sequence_length(unsigned char lead, unsigned char *low, unsigned char *high)
{
    *low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

bool value_is_utf8(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    while (*s) {
        unsigned char low, high;
        int length = sequence_length(*s++, &low, &high);
        if (length == 0)
            return false;
        for (int i = 1; i < length; i++, s++) {
            if (*s < low || *s > high)
                return false;
            low = 0x80;
            high = 0xBF;
        }
    }
    return true;
}

const char *value_quote(char out[VALUE_QUOTE_MAX], const char *text)
{
    size_t n = 0;
    for (; text[n] && n < VALUE_QUOTE_MAX - 4; n++)
        out[n] = text[n] >= 0x20 && text[n] < 0x7F ? text[n] : '?';
    strcpy(out + n, text[n] ? "..." : "");
    return out;
}

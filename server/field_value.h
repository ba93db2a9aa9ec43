/* Strict reading of single values that a user typed: the whole text is the value, or it is refused. */
#ifndef SERVER_FIELD_VALUE_H
#define SERVER_FIELD_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "postproc/layout.h"

enum { VALUE_QUOTE_MAX = 48 };

/* A finite decimal number: digits with an optional point, sign and exponent; blanks around it are allowed.
 * No hexadecimal, no "inf" or "nan", no thousands mark. */
bool value_number(const char *text, double *out);

/* One of the words, whatever its case; its index, or -1. */
int value_word(const char *text, const char *const *words, size_t n);

bool value_depth_unit(const char *text, enum depth_unit *out);   /* ft, m and their usual spellings */
bool value_scale(const char *text, enum curve_scale *out);       /* lin, log */
bool value_style(const char *text, enum curve_style *out);       /* solid, dashed, dotted */

/* Whether the text is well-formed UTF-8 (RFC 3629). */
bool value_is_utf8(const char *text);

/* The text for use in an error sentence: shortened, and nothing in it but printable ASCII. */
const char *value_quote(char out[VALUE_QUOTE_MAX], const char *text);

#endif

#include "postproc/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Up to here every integer is a double, so that value * 10^decimals rounds to what would be printed. */
static const double exact_limit = 9007199254740992.0;

int64_t number_power10(int n)
{
    int64_t p = 1;
    while (n-- > 0)
        p *= 10;
    return p;
}

struct number_format number_format_of(const struct layout_curve *curve)
{
    struct number_format f = { 0, 0 };
    double resolution = 1e-4 * (curve->scale == SCALE_LOG ? fabs(log(curve->right / curve->left))
                                                          : fabs(curve->right - curve->left));
    int places = (int)fmin(fmax(ceil(-log10(resolution) - 1e-9), 0.0), NUMBER_MAX_DECIMALS);
    if (curve->scale == SCALE_LOG)
        f.significant = places + 1 > NUMBER_MAX_DECIMALS ? NUMBER_MAX_DECIMALS : places + 1;
    else
        f.decimals = places;
    return f;
}

int number_write_scaled(char out[NUMBER_MAX], int64_t scaled, int decimals)
{
    char reversed[32];
    uint64_t rest = scaled < 0 ? -(uint64_t)scaled : (uint64_t)scaled;
    int n = 0, digits = 0, length = 0;
    do {
        if (digits == decimals && decimals > 0)
            reversed[n++] = '.';
        reversed[n++] = (char)('0' + rest % 10);
        rest /= 10;
        digits++;
    } while (rest > 0 || digits <= decimals);
    if (scaled < 0)
        out[length++] = '-';
    while (n > 0)
        out[length++] = reversed[--n];
    out[length] = '\0';
    return length;
}

static int write_fixed(char out[NUMBER_MAX], double value, int decimals)
{
    /* Digits that a double does not hold are not written. */
    while (decimals > 0 && fabs(value) * (double)number_power10(decimals) >= exact_limit)
        decimals--;
    double scaled = value * (double)number_power10(decimals);
    if (fabs(scaled) < exact_limit)
        return number_write_scaled(out, (int64_t)llround(scaled), decimals);
    return snprintf(out, NUMBER_MAX, "%.0f", value);
}

int number_write(char out[NUMBER_MAX], double value, struct number_format format)
{
    int decimals = format.decimals;
    if (format.significant > 0) {
        double magnitude = value == 0 ? 0 : floor(log10(fabs(value)));
        decimals = (int)fmin(fmax(format.significant - 1 - magnitude, 0.0), NUMBER_MAX_DECIMALS);
    }
    return write_fixed(out, value, decimals);
}

int number_write_shortest(char out[NUMBER_MAX], double value)
{
    int length = snprintf(out, NUMBER_MAX, "%.15g", value);
    if (strtod(out, NULL) != value)
        length = snprintf(out, NUMBER_MAX, "%.17g", value);
    char *comma = strchr(out, ',');
    if (comma)
        *comma = '.';
    return length;
}

int number_decimals(double value, int max)
{
    char text[NUMBER_MAX];
    for (int d = 0; d <= max; d++) {
        snprintf(text, sizeof text, "%.*f", d, value);
        if (strtod(text, NULL) == value)
            return d;
    }
    return -1;
}

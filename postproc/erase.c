#include "postproc/erase.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { DARK = 128, THICKEST = 24 };

/* The width of the row's run of dark ink at column `at`; 0 if there is none, or it is no stroke's. */
static int run_width(const uint8_t *row, int columns, int at)
{
    int lo = at, hi = at;

    if (at < 0 || at >= columns || row[at] < DARK)
        return 0;
    while (lo > 0 && row[lo - 1] >= DARK && hi - lo < THICKEST)
        lo--;
    while (hi + 1 < columns && row[hi + 1] >= DARK && hi - lo < THICKEST)
        hi++;
    return hi - lo < THICKEST ? hi - lo + 1 : 0;
}

float erase_thickness(const struct erase_ink *ink, const float *x)
{
    int count[THICKEST + 1] = {0}, n = 0, seen = 0, width = 0;

    for (int y = 1; y + 1 < ink->rows; y++) {
        if (!(fabsf(x[y + 1] - x[y - 1]) <= 2))   /* nor where there is no curve */
            continue;
        width = isnan(x[y]) ? 0 : run_width(ink->at + (size_t)y * (size_t)ink->columns, ink->columns, (int)lroundf(x[y]));
        count[width]++;
        n += width > 0;
    }
    for (width = 0; width < THICKEST && 2 * seen <= n; )
        seen += count[++width];
    return n ? (float)width : 0;
}

/* Makes paper of the pixels within `radius` of column x and row y. */
static void clear_disc(const struct erase_ink *ink, float x, float y, float radius)
{
    int first = (int)fmaxf(0, ceilf(y - radius)), last = (int)fminf((float)ink->rows - 1, floorf(y + radius));

    for (int row = first; row <= last; row++) {
        float half = sqrtf(fmaxf(0, radius * radius - ((float)row - y) * ((float)row - y)));
        int lo = (int)fmaxf(0, ceilf(x - half)), hi = (int)fminf((float)ink->columns - 1, floorf(x + half));

        if (lo <= hi)
            memset(ink->at + (size_t)row * (size_t)ink->columns + lo, 0, (size_t)(hi - lo) + 1);
    }
}

void erase_stroke(const struct erase_ink *ink, const float *x, float thickness)
{
    for (int y = 0; y < ink->rows; y++) {
        bool on = y + 1 < ink->rows && !isnan(x[y + 1]);
        int steps = on && !isnan(x[y]) ? 1 + (int)fabsf(x[y + 1] - x[y]) : 1;

        for (int k = 0; k < steps && !isnan(x[y]); k++) {
            float t = (float)k / (float)steps;

            clear_disc(ink, x[y] + (on ? t * (x[y + 1] - x[y]) : 0), (float)y + t, thickness / 2);
        }
    }
}

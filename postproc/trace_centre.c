/* The centre of a line from the ends of its ink runs.
 *
 * A curve x(y) drawn with a round pen of radius r covers in row y the columns from
 * min over dy of x(y+dy) - sqrt(r^2-dy^2) to max over dy of x(y+dy) + sqrt(r^2-dy^2), |dy| <= r.
 * Undoing either with the opposite operation gives the curve from its right side, exact but for dents
 * narrower than the pen, and from its left side, exact but for peaks (grey-scale closing and opening:
 * Serra, Image Analysis and Mathematical Morphology, 1982).  On slopes the two agree; at a narrow peak,
 * where the strokes there and back run into one bar, the side on which the bar sticks out is right. */
#include <math.h>
#include <stdlib.h>

#include "postproc/trace_line.h"

enum { SAMPLES = 4 };   /* of dy on each side */

/* ends[y] between rows; NaN where either neighbour is. */
static float between(const float *ends, int rows, float y)
{
    int i = (int)floorf(y);
    float f = y - (float)i;

    if (i < 0 || i >= rows || (f > 0 && i + 1 >= rows))
        return NAN;
    return f > 0 ? ends[i] + f * (ends[i + 1] - ends[i]) : ends[i];
}

/* The curve at row y seen from the right (sign 1) or the left (sign -1). */
static float from_side(const float *ends, int rows, int y, float radius, float sign)
{
    float best = sign * ends[y] - radius;

    for (int k = -SAMPLES; k <= SAMPLES; k++) {
        float dy = radius * (float)k / SAMPLES, v = between(ends, rows, (float)y + dy);

        if (!isnan(v))
            best = fminf(best, sign * v - sqrtf(fmaxf(0, radius * radius - dy * dy)));
    }
    return sign * best;
}

/* Rows first..last, in which the two sides disagree: a peak if one side sticks out from the chord between
 * the rows around much more than the other. */
static void settle(struct line *line, const float *left, const float *right, int first, int last)
{
    float a = first > 0 ? line->x[first - 1] : NAN, b = last + 1 < line->rows ? line->x[last + 1] : NAN;
    float out_right = 0, out_left = 0;

    if (isnan(a))
        a = b;
    if (isnan(b))
        b = a;
    for (int y = first; y <= last; y++) {
        float f = (float)(y - first + 1) / (float)(last - first + 2), chord = a + f * (b - a);

        out_right = fmaxf(out_right, right[y] - chord);
        out_left = fmaxf(out_left, chord - left[y]);
    }
    for (int y = first; y <= last; y++) {
        if (out_right > 2 * out_left)
            line->x[y] = right[y];
        else if (out_left > 2 * out_right)
            line->x[y] = left[y];
    }
}

enum err_code line_centre(struct line *line, struct err *e)
{
    const float apart = 1.0f;   /* columns by which the sides may disagree for other reasons */
    size_t n = (size_t)line->rows;
    float *left = malloc(n * sizeof *left), *right = malloc(n * sizeof *right);
    enum err_code rc = ERR_OK;

    if (!left || !right) {
        rc = err_memory(e, "a curve's centre");
        goto out;
    }
    for (int y = 0; y < line->rows; y++) {
        line->x[y] = left[y] = right[y] = NAN;
        if (line->peak[y] == 0)
            continue;
        right[y] = from_side(line->hi, line->rows, y, line->radius, 1);
        left[y] = from_side(line->lo, line->rows, y, line->radius, -1);
        if (line->hi[y] - line->lo[y] < 2.6f * line->radius)
            line->x[y] = line->centre[y];
        else
            line->x[y] = (left[y] + right[y]) / 2;
    }
    for (int y = 0; y < line->rows; y++) {
        int last = y;

        if (isnan(line->x[y]) || right[y] - left[y] < apart)
            continue;
        while (last + 1 < line->rows && right[last + 1] - left[last + 1] >= apart)
            last++;
        settle(line, left, right, y, last);
        y = last;
    }
out:
    free(right);
    free(left);
    return rc;
}

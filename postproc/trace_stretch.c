#include "postproc/trace_stretch.h"

#include <math.h>

enum { CLEAR_ROWS = 30 };   /* fewer may be a kick of both curves */

/* Whether the path gets to row y from the one above across paper. */
static bool leaps(const struct line *line, int y)
{
    float way = (float)abs(line->path[y] - line->path[y - 1]);

    if (!line_leaps(line, line, y))
        return false;
    for (int k = y - 1; k <= y; k++)   /* less what the ink of the two rows reaches to the side */
        if (!isnan(line->lo[k]))
            way -= (line->hi[k] - line->lo[k]) / 2;
    return way > LINE_LEAP / 2;
}

/* The next row after `first` that is leapt to, or the number of rows. */
static int next_leap(const struct line *line, int first)
{
    int y = first + 1;

    while (y < line->rows && !leaps(line, y))
        y++;
    return y;
}

/* Whether the line itself is not to be seen in rows first..end-1. */
static bool hidden(const struct line *line, const struct claims *others, int first, int end)
{
    int there = 0, held = 0, plain = 0;

    for (int y = first; y < end; y++) {
        if (isnan(line->x[y]))
            continue;
        there++;
        if (claims_hold(others, y, line->path[y]))
            held++;
        else
            plain += line_plain(line, y);
    }
    return there >= CLEAR_ROWS && 2 * held >= there && 10 * plain < there;
}

void stretch_clear(struct line *line, const struct claims *others)
{
    for (int first = next_leap(line, 0), end; first < line->rows; first = end) {
        end = next_leap(line, first);
        if (end == line->rows || !hidden(line, others, first, end))
            continue;
        for (int y = first; y < end; y++)
            line->x[y] = NAN;
    }
}

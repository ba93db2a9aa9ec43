#include <math.h>

#include "postproc/trace_finish.h"

/* At 200 dpi, for which the masks are made, 12 rows are 1.5 mm. */
enum { BRIDGE_ROWS = 12, ALONE_ROWS = 10, SHORT_ROWS = 3,
       HOLD_ROWS = 15, HOLD_WITHIN = 90 };

/* One past the last row of the stretch from y on in which rows have a position (or not). */
static int stretch_end(const struct line *line, int y, bool there)
{
    while (y < line->rows && !isnan(line->x[y]) == there)
        y++;
    return y;
}

static void drop(struct line *line, int first, int end)
{
    for (int y = first; y < end; y++)
        line->x[y] = NAN;
}

static int own(const struct line *line, int y)
{
    return y >= 0 && y < line->rows && line->ink[y] == INK_OWN;
}

/* Borrowed ink holds a curve together between stretches of its own; without enough of these near by above
 * and below, the curve is not known to be there. */
static void drop_borrowed(struct line *line)
{
    int above = 0, below = 0;   /* rows of own ink within HOLD_WITHIN rows of row y */

    for (int y = 1; y < HOLD_WITHIN; y++)
        below += own(line, y);
    for (int y = 0; y < line->rows; y++) {
        above += own(line, y - 1) - own(line, y - 1 - HOLD_WITHIN);
        below += own(line, y + HOLD_WITHIN) - (y > 0 ? own(line, y) : 0);
        if (line->ink[y] == INK_BORROWED && (above < HOLD_ROWS || below < HOLD_ROWS))
            line->x[y] = NAN;
    }
}

/* Removes specks: stretches of ink that are too short, or short and far from any other. */
static void drop_specks(struct line *line)
{
    int before = BRIDGE_ROWS + 1;   /* rows of paper above the stretch */

    for (int y = stretch_end(line, 0, false); y < line->rows;) {
        int end = stretch_end(line, y, true), next = stretch_end(line, end, false), rows = end - y;
        bool alone = before > BRIDGE_ROWS && (next == line->rows || next - end > BRIDGE_ROWS);

        if (rows < SHORT_ROWS || (alone && rows < ALONE_ROWS)) {
            drop(line, y, end);
            before += next - y;
        } else {
            before = next - end;
        }
        y = next;
    }
}

void finish_gaps(struct line *line)
{
    int last = -1;

    drop_borrowed(line);
    drop_specks(line);
    for (int y = 0; y < line->rows; y++) {
        if (isnan(line->x[y]))
            continue;
        if (last >= 0 && y - last > 1 && y - last <= BRIDGE_ROWS + 1)
            for (int k = last + 1; k < y; k++) {
                line->x[k] = line->x[last] + (line->x[y] - line->x[last]) * (float)(k - last) / (float)(y - last);
                line->ink[k] = INK_NONE;
            }
        last = y;
    }
}

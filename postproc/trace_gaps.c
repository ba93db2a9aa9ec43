#include <math.h>

#include "postproc/trace_finish.h"

/* At 200 dpi, for which the masks are made, 12 rows are 1.5 mm. */
enum { BRIDGE_ROWS = 12, ALONE_ROWS = 10, SHORT_ROWS = 3 };
#define INK_ROW 0.25f

static bool inked(const struct line *line, int y)
{
    return !isnan(line->x[y]) && line->peak[y] >= INK_ROW;
}

/* One past the last row of the stretch from y on in which rows are inked (or not). */
static int stretch_end(const struct line *line, int y, bool ink)
{
    while (y < line->rows && inked(line, y) == ink)
        y++;
    return y;
}

/* Removes specks: stretches of ink that are too short, or short and far from any other. */
static void drop_specks(struct line *line)
{
    int before = BRIDGE_ROWS + 1;   /* rows of paper above the stretch */

    for (int y = stretch_end(line, 0, false); y < line->rows;) {
        int end = stretch_end(line, y, true), next = stretch_end(line, end, false), rows = end - y;
        bool alone = before > BRIDGE_ROWS && (next == line->rows || next - end > BRIDGE_ROWS);

        if (rows < SHORT_ROWS || (alone && rows < ALONE_ROWS)) {
            for (int k = y; k < end; k++)
                line->x[k] = NAN;
            before += next - y;
        } else {
            before = next - end;
        }
        y = next;
    }
}

void finish_gaps(struct line *line, bool *bridged)
{
    int last = -1;

    drop_specks(line);
    for (int y = 0; y < line->rows; y++) {
        bridged[y] = false;
        if (!inked(line, y)) {
            line->x[y] = NAN;
            continue;
        }
        if (last >= 0 && y - last > 1 && y - last <= BRIDGE_ROWS + 1)
            for (int k = last + 1; k < y; k++) {
                line->x[k] = line->x[last] + (line->x[y] - line->x[last]) * (float)(k - last) / (float)(y - last);
                bridged[k] = true;
            }
        last = y;
    }
}

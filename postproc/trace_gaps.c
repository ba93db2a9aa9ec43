#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/trace_finish.h"
#include "postproc/trace_path.h"

/* At 200 dpi, for which the masks are made, 12 rows are 1.5 mm. */
enum {
    BRIDGE_ROWS = 12,    /* longest hole that is bridged in any case */
    STEEP_ROWS = 24,     /* and between good stretches */
    LEAP_ROWS = 48,      /* and between good stretches that go on about straight down */
    BORDER_ROWS = 300,   /* of a line that never leaves the track's edge are the edge itself */
    SHORT_ROWS = 3, ALONE_ROWS = 10,
    NEAR = 90,           /* rows in which own ink is counted */
    HOLD_BY = 15,        /* rows of own ink that hold a short stretch of borrowed ink on both sides */
    HOLD_WELL = 45,      /* and on one side hold a long one */
    SPARE_ROWS = 60,     /* of ink that curves of other styles leave over, of twice NEAR, make a curve */
    HOLD_SHORT = 90, HOLD_LONG = 1200
};

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

/* Rows of own ink, or of `least` or better, among the NEAR rows from row y on in direction `way`. */
static int ink_near(const struct line *line, int y, int way, enum ink least)
{
    int n = 0;

    for (int k = 0; k < NEAR && y >= 0 && y < line->rows; k++, y += way)
        n += line->ink[y] >= least;
    return n;
}

/* Whether the path gets from row a to row b about as curves do, and not across paper. */
static bool connected(const struct line *line, int a, int b)
{
    return (float)abs(line->path[b] - line->path[a]) <= 4 * line->radius + 2 * (float)(b - a);
}

static bool borrowed(const struct line *line, int y)
{
    return line->ink[y] > INK_NONE && line->ink[y] < INK_OWN;
}

/* Whether own ink from row y on in direction `way` is more than a speck. */
static bool holds(const struct line *line, int y, int way)
{
    return ink_near(line, y, way, INK_OWN) >= HOLD_BY;
}

/* Whether borrowed ink in rows first..last, around which own ink holds at rows above and below (-1 and the
 * number of rows if it does nowhere), is the curve's: good stretches of its own lead into it, one of them if it
 * reaches the end of the scan.  Ink of another style that nothing else explains needs fewer of them: it is
 * some curve's, and the network takes styles for each other. */
static bool believed(const struct line *line, int above, int first, int last, int below)
{
    int own_above = ink_near(line, above, -1, INK_OWN), own_below = ink_near(line, below, 1, INK_OWN);
    int rows = below - above, other = 0;
    bool ends = above < 0 || below >= line->rows;

    if (rows > HOLD_LONG || (above >= 0 && !connected(line, above, first)) ||
        (below < line->rows && !connected(line, last, below)))
        return false;
    for (int y = first; y <= last; y++)
        other += line->ink[y] >= INK_OTHER;
    if (2 * other > last - first)
        return above >= 0 || below < line->rows;
    return (rows <= HOLD_SHORT && !ends) || own_above >= HOLD_WELL || own_below >= HOLD_WELL;
}

/* Enough ink that the curves of other styles leave over is this curve's own: the network took its style for
 * another all the way. */
static void adopt_spare(struct line *line)
{
    for (int y = 0; y < line->rows; y++)
        if (line->ink[y] == INK_SPARE &&
            ink_near(line, y, -1, INK_SPARE) + ink_near(line, y + 1, 1, INK_SPARE) >= SPARE_ROWS)
            line->ink[y] = INK_OWN;
}

/* Borrowed ink holds a curve together, but does not make one; specks of own ink among it neither make it nor end
 * it. */
static void drop_borrowed(struct line *line)
{
    int above = -1;

    for (int y = 0; y < line->rows;) {
        int first = y, last = y, end;

        /* More of a run is behind its last row than behind any other. */
        if (line->ink[y] == INK_OWN && y + 1 < line->rows && line->ink[y + 1] != INK_OWN && holds(line, y, -1))
            above = y;
        if (!borrowed(line, y)) {
            y++;
            continue;
        }
        for (end = y; end < line->rows && !(line->ink[end] == INK_OWN && holds(line, end, 1)); end++)
            if (line->ink[end] != INK_NONE)
                last = end;
        if (!believed(line, above, first, last, end))
            for (int k = first; k < end; k++)
                if (line->ink[k] != INK_OWN)
                    line->x[k] = NAN;
        y = end;
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

/* Whether the line lies on an edge of the track at row y, to about a pixel. */
static bool on_border(const struct line *line, const struct trace_track *track, int y)
{
    return y < line->rows && trace_edge_distance(track, y, line->x[y]) <= 1.25;
}

void finish_border(struct line *line, const struct trace_track *track)
{
    for (int y = 0, end; y < line->rows; y = end + 1) {
        for (end = y; on_border(line, track, end); end++)
            ;
        if (end - y >= BORDER_ROWS)
            drop(line, y, end);
    }
}

/* Rows with a position among the 15 from row y on in direction `way`. */
static int there_near(const struct line *line, int y, int way)
{
    int there = 0;

    for (int k = 0; k < 15 && y >= 0 && y < line->rows; k++, y += way)
        there += !isnan(line->x[y]);
    return there;
}

/* Whether the hole between rows a and b, which have positions, is to be bridged. */
static bool bridgeable(const struct line *line, int a, int b)
{
    float slope = b - a <= STEEP_ROWS + 1 ? 3 : 0.5f;   /* columns a row, at most */

    if (b - a <= BRIDGE_ROWS + 1)
        return true;
    return b - a <= LEAP_ROWS + 1 && there_near(line, a, -1) >= 10 && there_near(line, b, 1) >= 10 &&
           fabsf(line->x[b] - line->x[a]) <= slope * (float)(b - a);
}

void finish_gaps(struct line *line)
{
    int last = -1;

    adopt_spare(line);
    drop_borrowed(line);
    drop_specks(line);
    for (int y = 0; y < line->rows; y++) {
        if (isnan(line->x[y]))
            continue;
        if (last >= 0 && y - last > 1 && bridgeable(line, last, y)) {
            line_bridge(line->x, last, y);
            memset(line->ink + last + 1, INK_NONE, (size_t)(y - last - 1));
        }
        last = y;
    }
}

#include "postproc/trace_stray.h"

#include <math.h>

enum {
    STRAY = 100,     /* columns to the side, more than a curve moves from one row to the next */
    SHARED_ROWS = 24 /* fewer rows on another curve's ink may be a kick of both */
};

/* Whether the path leaps, from rows above and below that are sure, to the ink in between. */
static bool strays(const struct line *line, int above, int below)
{
    int first = above + 1, last = below - 1;

    while (first < below && line->ink[first] == INK_NONE)
        first++;
    while (last > above && line->ink[last] == INK_NONE)
        last--;
    return first <= last && above >= 0 && below < line->rows &&
           abs(line->path[first] - line->path[above]) > STRAY && abs(line->path[below] - line->path[last]) > STRAY;
}

void stray_clear(struct line *line, const struct claims *others)
{
    for (int above = -1, below; above < line->rows; above = below) {
        int own = 0;

        for (below = above + 1; below < line->rows && !line_sure(line, others, below); below++)
            own += line->ink[below] == INK_OWN;
        if ((own && below - above <= SHARED_ROWS) || !strays(line, above, below))
            continue;
        for (int y = above + 1; y < below; y++) {
            line->ink[y] = INK_NONE;
            line->x[y] = NAN;
        }
    }
}

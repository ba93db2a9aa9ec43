#include "postproc/trace_pairs.h"

#include <math.h>
#include <stdlib.h>

enum { SLOPE_ROWS = 12 };   /* over which a line's direction is read */

/* Position and slope of x at row y, from up to SLOPE_ROWS rows on one side of it: way -1 above, 1 below.
 * False with fewer than 3 rows. */
static bool direction(const struct line *line, int y, int way, float *at, float *slope)
{
    double s = 0, st = 0, stt = 0, sx = 0, stx = 0, det;

    for (int k = 0; k < SLOPE_ROWS; k++) {
        int row = y + way * k;
        double t = way * k;

        if (row < 0 || row >= line->rows)
            break;
        if (isnan(line->x[row]))
            continue;
        s++;
        st += t;
        stt += t * t;
        sx += line->x[row];
        stx += t * line->x[row];
    }
    det = s * stt - st * st;
    if (s < 3 || det <= 0)
        return false;
    *slope = (float)((s * stx - st * sx) / det);
    *at = (float)((sx - *slope * st) / s);
    return true;
}

/* How badly a line leaving row `up` as p (direction dp) continues at row `down` as q (direction dq). */
static float bend(float p, float dp, float q, float dq, int rows)
{
    float miss = fabsf(p + dp * (float)rows - q) + fabsf(q - dq * (float)rows - p);

    return miss / 2 + (float)SLOPE_ROWS / 2 * fabsf(dp - dq);
}

/* Whether the lines should be exchanged below a meeting of rows first..last. */
static bool better_crossed(const struct line *a, const struct line *b, int first, int last)
{
    float pa, da, pb, db, qa, ea, qb, eb, straight, crossed;
    int rows = last - first + 2;

    if (first < 1 || last + 1 >= a->rows || rows > 4 * SLOPE_ROWS)
        return false;
    if (!direction(a, first - 1, -1, &pa, &da) || !direction(b, first - 1, -1, &pb, &db) ||
        !direction(a, last + 1, 1, &qa, &ea) || !direction(b, last + 1, 1, &qb, &eb))
        return false;
    straight = bend(pa, da, qa, ea, rows) + bend(pb, db, qb, eb, rows);
    crossed = bend(pa, da, qb, eb, rows) + bend(pb, db, qa, ea, rows);
    return crossed < 0.8f * straight - 1;
}

static void exchange_from(struct line *a, struct line *b, int y)
{
    for (; y < a->rows; y++) {
        int path = a->path[y];
        float x = a->x[y];

        a->path[y] = b->path[y];
        a->x[y] = b->x[y];
        b->path[y] = path;
        b->x[y] = x;
    }
}

static bool touching(const struct line *a, const struct line *b, int y)
{
    float apart = 2 * (a->radius + b->radius) + 2;

    return fabsf((float)(a->path[y] - b->path[y])) <= apart;
}

int pairs_untangle(struct line *a, struct line *b)
{
    int made = 0;

    for (int y = 1; y < a->rows; y++) {
        int straight = abs(a->path[y] - a->path[y - 1]) + abs(b->path[y] - b->path[y - 1]);
        int crossed = abs(b->path[y] - a->path[y - 1]) + abs(a->path[y] - b->path[y - 1]);

        if (touching(a, b, y)) {
            int last = y;

            while (last + 1 < a->rows && touching(a, b, last + 1))
                last++;
            if (better_crossed(a, b, y, last)) {
                exchange_from(a, b, (y + last) / 2);
                made++;
            }
            y = last;
        } else if (crossed + 20 < straight) {   /* both jump to where the other was */
            exchange_from(a, b, y);
            made++;
        }
    }
    return made;
}

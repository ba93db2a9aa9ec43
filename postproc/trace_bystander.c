#include "postproc/trace_bystander.h"

#include <math.h>

/* Of all rows.  Curves that are drawn beside others have 0.76 and more on real scans; a beaded curve that the network mostly
 * takes for a dashed one gives 0.6. */
static const float least_share = 0.7f;
/* Of all rows: what the network takes for another style of a curve that was asked for is not left to it. */
static const float least_left = 0.3f;

static bool is_share(int rows, int of, float least)
{
    return (float)rows >= least * (float)of;
}

bool bystander_suspected(const struct evidence *ev)
{
    int rows = mask_rows(ev->mask), seen = 0;

    for (int y = 0; y < rows; y++) {
        int x, end;

        evidence_bounds(ev, y, &x, &end);
        mask_get(ev->mask, ev->class_index, y, ev->scratch);
        while (x <= end && ev->scratch[x] <= MASK_HALF)
            x = mask_next(ev->scratch, x + 1, end + 1);
        seen += x <= end;
    }
    return is_share(seen, rows, least_share);
}

bool bystander_there(const struct line *line, const struct claims *others)
{
    int plain = 0;

    for (int y = 0; y < line->rows; y++)
        plain += !isnan(line->x[y]) && line_plain(line, y) && line_sure(line, others, y);
    return is_share(plain, line->rows, least_share);
}

bool bystander_leaves(const struct line *line, const struct claims *others)
{
    int left = 0;

    for (int y = 0; y < line->rows; y++)
        left += line_unshared(line, others, y);
    return is_share(left, line->rows, least_left);
}

#include "postproc/trace_bystander.h"

/* Of all rows: what the network takes for another style of a curve that was asked for is not left to it. */
static const float least_left = 0.3f;

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
    return (float)seen >= BYSTANDER_LEAST * (float)rows;
}

float bystander_share(const struct line *line, const struct claims *others)
{
    int plain = 0;

    for (int y = 0; y < line->rows; y++)
        plain += line_plain(line, y) && line_unshared(line, others, y);
    return (float)plain / (float)line->rows;
}

bool bystander_leaves(const struct line *line, const struct claims *others)
{
    int left = 0;

    for (int y = 0; y < line->rows; y++)
        left += line_unshared(line, others, y);
    return (float)left >= least_left * (float)line->rows;
}

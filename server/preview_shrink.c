#include "server/preview_shrink.h"

#include <stdlib.h>
#include <string.h>

/* A source pixel is counted as `columns` units wide, a result pixel as `in_columns`, so that both grids fall on
 * whole units; likewise down.  Each result pixel then weighs in_columns * in_rows. */

enum err_code shrink_init(struct shrink *shrink, int in_columns, int in_rows, int columns, int rows, struct err *e)
{
    *shrink = (struct shrink){ .in_columns = in_columns, .in_rows = in_rows, .columns = columns, .rows = rows };
    shrink->across = calloc((size_t)columns, sizeof *shrink->across);
    shrink->sum = calloc((size_t)columns, sizeof *shrink->sum);
    if (shrink->across && shrink->sum)
        return ERR_OK;
    shrink_clear(shrink);
    return err_memory(e, "the preview");
}

void shrink_clear(struct shrink *shrink)
{
    free(shrink->across);
    free(shrink->sum);
    *shrink = (struct shrink){ 0 };
}

static void average_across(struct shrink *s, const uint8_t *in)
{
    uint64_t unit = (uint64_t)s->columns, width = (uint64_t)s->in_columns;
    for (int j = 0; j < s->columns; j++) {
        uint64_t from = (uint64_t)j * width, to = from + width;
        uint64_t x = from / unit, last = (to - 1) / unit;
        if (x == last) {
            s->across[j] = in[x] * width;
            continue;
        }
        uint64_t sum = in[x] * ((x + 1) * unit - from) + in[last] * (to - last * unit);
        uint64_t whole = 0;
        for (x++; x < last; x++)
            whole += in[x];
        s->across[j] = sum + whole * unit;
    }
}

static void add(struct shrink *s, uint64_t weight)
{
    for (int j = 0; j < s->columns; j++)
        s->sum[j] += s->across[j] * weight;
}

bool shrink_row(struct shrink *shrink, const uint8_t *in, uint8_t *out)
{
    struct shrink *s = shrink;
    uint64_t top = (uint64_t)s->taken * (uint64_t)s->rows, bottom = top + (uint64_t)s->rows;
    uint64_t end = (uint64_t)(s->given + 1) * (uint64_t)s->in_rows;
    average_across(s, in);
    s->taken++;
    if (bottom < end) {
        add(s, bottom - top);
        return false;
    }
    add(s, end - top);
    uint64_t total = (uint64_t)s->in_columns * (uint64_t)s->in_rows;
    for (int j = 0; j < s->columns; j++)
        out[j] = (uint8_t)((s->sum[j] + total / 2) / total);
    s->given++;
    memset(s->sum, 0, (size_t)s->columns * sizeof *s->sum);
    add(s, bottom - end);
    return true;
}

#include "postproc/trace_group.h"

#include <math.h>
#include <string.h>

enum err_code group_open(struct group *g, const struct mask *mask, const struct trace_track *track, int class_index,
                         struct err *e)
{
    size_t most = track->n + (size_t)mask_classes(mask);

    g->at = calloc(most, sizeof *g->at);
    g->lines = calloc(most, sizeof *g->lines);
    g->order = calloc(most, sizeof *g->order);
    g->same = calloc(most, sizeof *g->same);
    g->others = calloc(most, sizeof *g->others);
    g->scratch = malloc((size_t)mask_columns(mask));
    if (!g->at || !g->lines || !g->order || !g->same || !g->others || !g->scratch)
        return err_memory(e, "tracing a track");
    evidence_init(&g->evidence, mask, track, class_index, g->scratch);
    return ERR_OK;
}

enum err_code group_add(struct group *g, size_t at, struct err *e)
{
    struct line *line = &g->lines[g->n];
    enum err_code rc = line_alloc(line, mask_rows(g->evidence.mask), e);

    line->broken = g->evidence.class_index != STYLE_SOLID;
    g->at[g->n++] = at;
    return rc;
}

void group_free(struct group *g)
{
    for (size_t i = 0; i < g->n; i++)
        line_free(&g->lines[i]);
    free(g->scratch);
    free(g->others);
    free(g->same);
    free(g->order);
    free(g->lines);
    free(g->at);
    memset(g, 0, sizeof *g);
}

void group_gather(struct group *g, size_t i, size_t n)
{
    g->evidence.same = (struct claims){g->same, 0};
    g->evidence.others = (struct claims){g->others, 0};
    for (size_t j = 0; j < n; j++)
        if (j != i)
            g->same[g->evidence.same.n++] = g->lines[j].claim;
}

static double mean_position(const struct line *line)
{
    double sum = 0;
    int n = 0;

    for (int y = 0; y < line->rows; y++)
        if (!isnan(line->x[y])) {
            sum += line->x[y];
            n++;
        }
    return n ? sum / n : INFINITY;   /* a curve that is not there comes last */
}

void group_order(struct group *g)
{
    for (size_t i = 0; i < g->n; i++) {
        double at = mean_position(&g->lines[i]);
        size_t k = i;

        for (; k > 0 && mean_position(&g->lines[g->order[k - 1]]) > at; k--)
            g->order[k] = g->order[k - 1];
        g->order[k] = i;
    }
}

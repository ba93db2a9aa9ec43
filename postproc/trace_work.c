#include "postproc/trace_work.h"

#include <stdlib.h>

#include "postproc/trace_bystander.h"

/* With those of the class that were asked for or, if none was, one that seems to be drawn beside them. */
static enum err_code open_group(struct work *w, struct group *g, const struct mask *mask, int class_index, struct err *e)
{
    const struct trace_track *track = w->track;
    size_t bystander = track->n + (size_t)class_index;
    enum err_code rc = group_open(g, mask, track, class_index, e);

    for (size_t i = 0; i < track->n && rc == ERR_OK; i++) {
        if (trace_class(w->out[i].drawn, mask_classes(mask)) != class_index)
            continue;
        w->absent[bystander] = true;
        if (!w->absent[i])
            rc = group_add(g, i, e);
    }
    if (rc != ERR_OK || w->absent[bystander])
        return rc;
    w->absent[bystander] = !bystander_suspected(&g->evidence);
    return w->absent[bystander] ? ERR_OK : group_add(g, bystander, e);
}

enum err_code work_open(struct work *w, const struct mask *mask, struct err *e)
{
    enum err_code rc = ERR_OK;

    w->groups = calloc((size_t)mask_classes(mask), sizeof *w->groups);
    w->lines = calloc(w->track->n + (size_t)mask_classes(mask), sizeof *w->lines);
    if (!w->groups || !w->lines)
        return err_memory(e, "tracing a track");
    for (; w->n_groups < (size_t)mask_classes(mask) && rc == ERR_OK; w->n_groups++)
        rc = open_group(w, &w->groups[w->n_groups], mask, (int)w->n_groups, e);
    for (size_t k = 0; k < w->n_groups; k++)
        for (size_t i = 0; i < w->groups[k].n; i++)
            w->lines[w->n++] = &w->groups[k].lines[i];
    return rc;
}

void work_free(struct work *w)
{
    for (size_t k = 0; k < w->n_groups; k++)
        group_free(&w->groups[k]);
    free(w->lines);
    free(w->groups);
    w->lines = NULL;
    w->groups = NULL;
    w->n_groups = w->n = 0;
}

void work_gather(const struct work *w, struct group *g, size_t i, size_t n)
{
    group_gather(g, i, n);
    for (size_t k = 0; k < w->n_groups; k++)
        for (size_t j = 0; &w->groups[k] != g && j < w->groups[k].n; j++)
            g->others[g->evidence.others.n++] = w->groups[k].lines[j].claim;
}

/* The curves of a track that are looked for at a time: those that were asked for and have not been given up, and those that
 * were not and are drawn beside them. */
#ifndef POSTPROC_TRACE_WORK_H
#define POSTPROC_TRACE_WORK_H

#include <stdbool.h>

#include "postproc/trace_group.h"

/* A class's bystander that was dropped for a curve that was asked for. */
struct passed {
    float share;   /* bystander_share; 0: none was */
    size_t by;     /* the curve's place */
};

struct work {
    const struct trace_track *track;
    const struct job *job;
    struct trace *out;         /* [track->n]: of which drawn is the style that each is looked for in */
    bool *absent;              /* [track->n + classes]: those that are not, since they are not there; at the end the
                                * bystander of each class */
    struct passed *passed;     /* [classes] */
    struct group *groups;      /* [n_groups], one per class of the mask */
    size_t n_groups;
    struct line **lines;       /* [n]: of all groups */
    size_t n;
};

/* Opens a group for each class of the mask, with a line for each curve that is looked for; work_free also after a failure. */
enum err_code work_open(struct work *w, const struct mask *mask, struct err *e);

/* Frees the groups; track, job, out, absent and passed stay. */
void work_free(struct work *w);

/* Whether the group's curve is one that was not asked for. */
static inline bool work_is_bystander(const struct work *w, const struct group *g)
{
    return g->n == 1 && g->at[0] >= w->track->n;
}

/* group_gather, with the claims of other groups' lines too. */
void work_gather(const struct work *w, struct group *g, size_t i, size_t n);

#endif

/* The curves of one class of the mask, traced jointly. */
#ifndef POSTPROC_TRACE_GROUP_H
#define POSTPROC_TRACE_GROUP_H

#include "postproc/trace_line.h"

struct group {
    struct evidence evidence;
    size_t n;
    size_t *at;                /* [n]: their places in the user's order, a bystander's after the last of them */
    struct line *lines;        /* [n] */
    size_t *order;             /* [n]: lines from left to right */
    const struct claim **same, **others;   /* [curves]: what the evidence points at */
    uint8_t *scratch;          /* [columns], the evidence's */
};

/* Sets up a zeroed group without curves, with room for as many as the track has and one a class; group_free also after a
 * failure. */
enum err_code group_open(struct group *g, const struct mask *mask, const struct trace_track *track, int class_index,
                         struct err *e);
enum err_code group_add(struct group *g, size_t at, struct err *e);
void group_free(struct group *g);

/* Points the evidence at the claims of the first `n` lines but line i, and at none of other classes. */
void group_gather(struct group *g, size_t i, size_t n);

/* Fills order: by mean position, those that are nowhere last. */
void group_order(struct group *g);

#endif

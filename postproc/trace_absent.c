#include "postproc/trace_absent.h"

#include "postproc/trace_bystander.h"
#include "postproc/trace_finish.h"

static float share_of_bystander(const struct work *w, struct group *g)
{
    work_gather(w, g, 0, g->n);
    return bystander_share(&g->lines[0], &g->evidence.others);
}

/* Marks as absent the bystanders that are no curves.  Whether there was any. */
static bool drop_false_bystanders(struct work *w)
{
    bool dropped = false;

    for (size_t k = 0; k < w->n_groups; k++) {
        struct group *g = &w->groups[k];

        if (work_is_bystander(w, g) && share_of_bystander(w, g) < BYSTANDER_LEAST)
            dropped = w->absent[g->at[0]] = true;
    }
    return dropped;
}

/* Marks as absent, for curve i, the bystander that is least of a curve.  False if there is none. */
static bool drop_weakest_bystander(struct work *w, size_t i)
{
    struct group *least = NULL;
    float least_share = 0;

    for (size_t k = 0; k < w->n_groups; k++) {
        struct group *g = &w->groups[k];
        float share;

        if (!work_is_bystander(w, g))
            continue;
        share = share_of_bystander(w, g);
        if (!least || share < least_share) {
            least = g;
            least_share = share;
        }
    }
    if (!least)
        return false;
    w->absent[least->at[0]] = true;
    w->passed[least->evidence.class_index] = (struct passed){least_share, i};
    return true;
}

/* Whether curve i, which is not there in its style, may be one of another style: dashes and dots are told apart by
 * degrees. */
static bool may_be_drawn(const struct trace_track *track, size_t i, int class_index)
{
    return (track->guessed && track->guessed[i]) || (track->style[i] != STYLE_SOLID && class_index != STYLE_SOLID);
}

/* Has curve i, which is not there in its style, looked for as the bystander that is most of a curve, also as one that was
 * dropped for it.  False if none may be it, or it has been another already. */
static bool draw_otherwise(struct work *w, size_t i)
{
    float most = 0;
    int found = -1;

    if (w->out[i].drawn != w->track->style[i])
        return false;
    for (size_t k = 0; k < w->n_groups; k++) {
        struct group *g = &w->groups[k];
        float share = work_is_bystander(w, g) ? share_of_bystander(w, g) : w->passed[k].by == i ? w->passed[k].share : 0;

        if (may_be_drawn(w->track, i, (int)k) && share > most) {
            most = share;
            found = (int)k;
        }
    }
    if (found >= 0)
        w->out[i].drawn = (enum curve_style)found;
    return found >= 0;
}

/* Drops the weakest bystander if a curve that was asked for has hardly any ink beside them.  Whether there was any. */
static bool make_room(struct work *w)
{
    for (size_t k = 0; k < w->n_groups; k++) {
        struct group *g = &w->groups[k];

        if (work_is_bystander(w, g))
            continue;
        for (size_t i = 0; i < g->n; i++) {
            work_gather(w, g, i, g->n);
            if (!bystander_leaves(&g->lines[i], &g->evidence.others))
                return drop_weakest_bystander(w, g->at[i]);
        }
    }
    return false;
}

/* Marks the least believable of the lines that are not there as absent.  Those of its class are told apart by where they
 * are: it is the last of them that was asked for that has no line.  Beside bystanders it may be that one of these is the
 * curve, which is drawn otherwise than it was asked for, or which the network takes for one of another style: then they go,
 * the weakest first. */
static enum err_code find_unbelievable(struct work *w, bool *found, struct err *e)
{
    enum err_code rc = ERR_OK;
    float least = 1;
    size_t last = 0;

    for (size_t k = 0; k < w->n_groups; k++) {
        struct group *g = &w->groups[k];

        if (work_is_bystander(w, g))
            continue;
        for (size_t i = 0; i < g->n && rc == ERR_OK; i++) {
            float belief;

            work_gather(w, g, i, g->n);
            rc = finish_belief(g->lines, g->n, i, w->track, &g->evidence.others, &belief, e);
            if (rc == ERR_OK && belief < least) {
                least = belief;
                last = g->at[g->n - 1];
            }
        }
    }
    *found = rc == ERR_OK && least < 1;
    if (*found && !draw_otherwise(w, last) && !drop_weakest_bystander(w, last))
        w->absent[last] = true;
    return rc;
}

enum err_code absent_find(struct work *w, bool *found, struct err *e)
{
    *found = drop_false_bystanders(w) || make_room(w);
    return *found ? ERR_OK : find_unbelievable(w, found, e);
}

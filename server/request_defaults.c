#include "server/request_defaults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static enum err_code complete_rows(struct pipeline_request *r, const struct scan_info *scan, struct err *e)
{
    struct layout *l = &r->layout;
    if (!r->has_rows) {
        l->y0 = 0;
        l->y1 = scan->height;
    }
    if (l->y0 < 0 || l->y1 > scan->height || l->y0 >= l->y1)
        return err_field(e, ERR_INVALID, "track", "Rows %d to %d are not on the scan, which has %d rows.", l->y0, l->y1,
                         scan->height);
    return ERR_OK;
}

static enum err_code add_whole_track(struct layout *l, const struct scan_info *scan, struct err *e)
{
    if (l->n_tracks)
        return ERR_OK;
    l->tracks = calloc(1, sizeof *l->tracks);
    if (!l->tracks)
        return err_memory(e, "the layout");
    l->n_tracks = 1;
    l->tracks[0].x0 = 0;
    l->tracks[0].x1 = scan->width - 1;
    return ERR_OK;
}

static bool name_taken(const struct layout *l, const char *mnemonic)
{
    for (size_t i = 0; i < l->n_tracks; i++)
        for (size_t k = 0; k < l->tracks[i].n_curves; k++)
            if (strcasecmp(l->tracks[i].curves[k].mnemonic, mnemonic) == 0)
                return true;
    return false;
}

/* A track with no curve named gets one: solid, read as a fraction of the track's width. */
static enum err_code add_default_curve(const struct layout *l, struct layout_track *t, struct err *e)
{
    if (t->n_curves)
        return ERR_OK;
    char mnemonic[sizeof t->curves->mnemonic];
    unsigned number = 1;
    do
        snprintf(mnemonic, sizeof mnemonic, "C%u", number++);
    while (name_taken(l, mnemonic));
    t->curves = calloc(1, sizeof *t->curves);
    if (!t->curves)
        return err_memory(e, "the layout");
    t->n_curves = 1;
    struct layout_curve *c = &t->curves[0];
    memcpy(c->mnemonic, mnemonic, sizeof mnemonic);
    c->right = 1;
    return ERR_OK;
}

static enum err_code check_track(const struct layout_track *t, const struct scan_info *scan, struct err *e)
{
    if (t->x0 < 0 || t->x1 > scan->width - 1 || t->x1 - t->x0 < 1)
        return err_field(e, ERR_INVALID, "track", "Columns %g to %g are not on the scan, which is %d wide.", t->x0,
                         t->x1 + 1, scan->width);
    for (size_t i = 0; i < t->n_edges; i++)
        if (t->edges[i].x0 < -scan->width || t->edges[i].x1 > 2.0 * scan->width)
            return err_field(e, ERR_INVALID, "edge", "The edge at row %g is far off the scan, which is %d wide.",
                             t->edges[i].y - 0.5, scan->width);
    return ERR_OK;
}

static enum err_code add_depth_range(struct pipeline_request *r, struct err *e)
{
    struct layout *l = &r->layout;
    if (!r->has_depth_range || l->n_depth_lines)
        return ERR_OK;
    l->depth_lines = calloc(2, sizeof *l->depth_lines);
    if (!l->depth_lines)
        return err_memory(e, "the layout");
    l->n_depth_lines = 2;
    l->depth_lines[0] = (struct depth_line){.y = l->y0, .depth = r->depth_top};
    l->depth_lines[1] = (struct depth_line){.y = l->y1, .depth = r->depth_bottom};
    return ERR_OK;
}

enum err_code request_complete(struct pipeline_request *request, const struct scan_info *scan, struct err *e)
{
    struct layout *l = &request->layout;
    enum err_code rc = complete_rows(request, scan, e);
    if (rc == ERR_OK)
        rc = add_whole_track(l, scan, e);
    size_t curves = 0;
    for (size_t i = 0; rc == ERR_OK && i < l->n_tracks; i++) {
        /* No columns given (server/fields.h): the scan's whole width. */
        if (l->tracks[i].x0 == 0 && l->tracks[i].x1 == 0)
            l->tracks[i].x1 = scan->width - 1;
        rc = add_default_curve(l, &l->tracks[i], e);
        if (rc == ERR_OK)
            rc = check_track(&l->tracks[i], scan, e);
        curves += l->tracks[i].n_curves;
    }
    if (rc == ERR_OK && curves > PIPELINE_MAX_CURVES)
        rc = err_field(e, ERR_INVALID, "curve", "%zu curves were asked for; at most %d are traced in one request.", curves,
                       PIPELINE_MAX_CURVES);
    return rc == ERR_OK ? add_depth_range(request, e) : rc;
}

#include "postproc/layout.h"

#include <stdlib.h>
#include <string.h>

enum curve_style layout_style_by_order(size_t index)
{
    static const enum curve_style by_order[] = { STYLE_SOLID, STYLE_DASHED, STYLE_DOTTED };
    return index < sizeof by_order / sizeof by_order[0] ? by_order[index] : STYLE_SOLID;
}

const char *layout_style_name(enum curve_style style)
{
    static const char *const names[STYLE_COUNT] = { "solid", "dashed", "dotted" };
    return names[style];
}

/* The segment i..i+1 in which to look: the last whose first line does not lie beyond what is sought. */
static size_t segment_of(const struct layout *layout, bool by_depth, double sought)
{
    const struct depth_line *l = layout->depth_lines;
    double sign = by_depth && l[1].depth < l[0].depth ? -1.0 : 1.0;
    size_t low = 0, high = layout->n_depth_lines - 1;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        double at = by_depth ? l[middle].depth : l[middle].y;
        if (sign * at <= sign * sought)
            low = middle;
        else
            high = middle;
    }
    return low;
}

double layout_depth_at(const struct layout *layout, double y)
{
    const struct depth_line *a = &layout->depth_lines[segment_of(layout, false, y)], *b = a + 1;
    return a->depth + (y - a->y) / (b->y - a->y) * (b->depth - a->depth);
}

double layout_row_at(const struct layout *layout, double depth)
{
    const struct depth_line *a = &layout->depth_lines[segment_of(layout, true, depth)], *b = a + 1;
    return a->y + (depth - a->depth) / (b->depth - a->depth) * (b->y - a->y);
}

struct layout_edge layout_edges_at(const struct layout_track *track, double y)
{
    const struct layout_edge *edges = track->edges;
    size_t low = 0, high = track->n_edges;
    if (high == 0)
        return (struct layout_edge){ y, track->x0, track->x1 };
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (edges[middle].y <= y)
            low = middle;
        else
            high = middle;
    }
    const struct layout_edge *a = &edges[low], *b = low + 1 < track->n_edges ? a + 1 : a;
    double f = b == a || y <= a->y ? 0 : (y - a->y) / (b->y - a->y);
    return (struct layout_edge){ y, a->x0 + f * (b->x0 - a->x0), a->x1 + f * (b->x1 - a->x1) };
}

void layout_clear(struct layout *layout)
{
    for (size_t i = 0; i < layout->n_tracks; i++) {
        free(layout->tracks[i].edges);
        free(layout->tracks[i].curves);
    }
    free(layout->tracks);
    free(layout->depth_lines);
    memset(layout, 0, sizeof *layout);
}

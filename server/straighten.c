#include "server/straighten.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The middle of the tracks whose edges are given, scan pixels. */
static double middle_at(const struct layout *layout, double y)
{
    double sum = 0;
    int n = 0;
    for (size_t i = 0; i < layout->n_tracks; i++)
        if (layout->tracks[i].n_edges) {
            struct layout_edge edge = layout_edges_at(&layout->tracks[i], y);
            sum += (edge.x0 + edge.x1) / 2;
            n++;
        }
    return n ? sum / n : 0;
}

static double middle_of_row(const struct layout *layout, const struct mask_geometry *g, int j)
{
    return g->x_scale * middle_at(layout, g->y_origin + (j + 0.5) / g->y_scale);
}

void straighten_plan(int *shift, int rows, const struct layout *layout, const struct mask_geometry *geometry)
{
    double mean = 0;
    for (int j = 0; j < rows; j++)
        mean += middle_of_row(layout, geometry, j) / rows;
    for (int j = 0; j < rows; j++)
        shift[j] = (int)lround(middle_of_row(layout, geometry, j) - mean);
}

void straighten_row(uint8_t *ink, int columns, int shift)
{
    int by = abs(shift), kept = by < columns ? columns - by : 0, from = shift > 0 ? by : 0, to = shift < 0 ? by : 0;
    if (shift == 0)
        return;
    if (kept)
        memmove(ink + to, ink + from, (size_t)kept);
    memset(shift > 0 ? ink + kept : ink, 0, (size_t)(columns - kept));
}

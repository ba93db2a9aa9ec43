#include "server/straighten.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Columns by which tracks may wander and count as upright: the network knows as much from its training. */
static const double upright = 3;

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

void straighten_plan(struct straighten *s, int rows, const struct layout *layout, const struct mask_geometry *geometry)
{
    double mean = 0, least = INFINITY, most = -INFINITY;
    for (size_t i = 0; i < layout->n_tracks; i++)
        s->planned |= layout->tracks[i].n_edges > 0;
    for (int j = 0; s->planned && j < rows; j++) {
        double middle = middle_of_row(layout, geometry, j);
        least = fmin(least, middle);
        most = fmax(most, middle);
        mean += middle / rows;
    }
    for (int j = 0; most - least > upright && j < rows; j++)
        s->shift[j] = (int)lround(middle_of_row(layout, geometry, j) - mean);
}

int straighten_hold(const struct straighten *s, int first)
{
    return first > 0 ? s->shift[first - 1] : 0;
}

void straighten_follow(struct straighten *s, const double *drift, int y0, int first, int y1)
{
    int rows = y1 - y0, settled = first - y0, hold = straighten_hold(s, first);
    double least = drift[0], most = drift[0], base = 0;
    for (int j = 0; j < rows; j++) {
        least = fmin(least, drift[j]);
        most = fmax(most, drift[j]);
        base += j < settled ? drift[j] / settled : 0;
    }
    s->moved |= most - least > upright;
    for (int y = first; y < y1; y++)
        s->shift[y] = hold + (s->moved ? (int)lround(drift[y - y0] - base) : 0);
    s->place = drift[rows - 1] - (s->shift[y1 - 1] - hold);
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

#include <math.h>
#include <stdlib.h>

#include "postproc/trace_finish.h"
#include "postproc/trace_path.h"

/* A step around the track's edges; by: +1 when the curve left on the right. */
struct crossing { int row, by; bool returns; };

/* Mean ink of up to 6 traced rows from y on in direction `way`. */
static float ink_beside(const struct line *line, int y, int way)
{
    float sum = 0;
    int n = 0;

    for (int k = 0; k < 6 && y >= 0 && y < line->rows; k++, y += way, n++)
        sum += line->peak[y];
    return n ? sum / (float)n : 0;
}

/* +1 or -1 if the path goes around the edges between rows y-1 and y, and not across the track. */
static int crossing_at(const struct line *line, const struct trace_track *track, int y)
{
    double left = track->left[y], right = track->right[y], width = right - left, zone = trace_edge_zone(width);
    int a = line->path[y - 1], b = line->path[y], by = 0;

    if (a >= right - zone && b <= left + zone)
        by = 1;
    else if (a <= left + zone && b >= right - zone)
        by = -1;
    if (!by || width < 4 * zone || ink_beside(line, y - 1, -1) < 0.5f || ink_beside(line, y, 1) < 0.5f)
        return 0;
    for (int k = y - 1; k <= y; k++)   /* a bar across the track is the curve itself */
        if (!isnan(line->lo[k]) && line->hi[k] - line->lo[k] > 0.3 * width)
            return 0;
    return by;
}

enum err_code finish_wrap(const struct line *line, const struct trace_track *track, int *wrap, struct err *e)
{
    struct crossing *list = NULL;
    size_t n = 0, room = 0, *open = NULL, n_open = 0;
    int count = 0;
    enum err_code rc = ERR_OK;

    for (int pass = 0; pass < 2; pass++) {   /* count, then collect */
        n = 0;
        for (int y = 1; y < line->rows; y++) {
            int by = crossing_at(line, track, y);

            if (by && pass)
                list[n] = (struct crossing){y, by, false};
            n += by != 0;
        }
        if (pass == 0) {
            room = n ? n : 1;
            list = malloc(room * sizeof *list);
            open = malloc(room * sizeof *open);
            if (!list || !open) {
                rc = err_memory(e, "a curve's wraps");
                goto out;
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (n_open && list[open[n_open - 1]].by == -list[i].by) {
            list[open[--n_open]].returns = list[i].returns = true;
        } else {
            open[n_open++] = i;
        }
    }
    for (int y = 0, i = 0; y < line->rows; y++) {
        if ((size_t)i < n && list[i].row == y) {
            count += list[i].returns ? list[i].by : 0;
            i++;
        }
        wrap[y] = count;
    }
out:
    free(open);
    free(list);
    return rc;
}

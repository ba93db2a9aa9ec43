#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/trace_finish.h"
#include "postproc/trace_path.h"

/* A step around the track's edges; by: +1 when the curve left on the right.  right, left: the price of having
 * been away on that side since the crossing before. */
struct crossing { int row, by; bool real; float right, left; };

/* How many track widths a curve may be away, and what it costs, in rows, to say that a crossing seen in the
 * mask is none.  A row spent away costs one for each width, and more the further the curve is from the edge by
 * which it came in, since few readings are near two scales: an excursion of up to three inches of paper at 200 dpi
 * is believed; a crossing whose counterpart was missed is not, rather than put all that follows a whole scale
 * off. */
enum { MOST_AWAY = 3, STATES = 2 * MOST_AWAY + 1, DISBELIEF = 300 };

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
    double width = track->right[y] - track->left[y];
    int by = trace_around(track, y, line->path[y - 1], line->path[y]);

    if (!by || width < 4 * trace_edge_zone(width) || ink_beside(line, y - 1, -1) < 0.5f ||
        ink_beside(line, y, 1) < 0.5f)
        return 0;
    for (int k = y - 1; k <= y; k++)   /* a bar across the track is the curve itself */
        if (!isnan(line->lo[k]) && line->hi[k] - line->lo[k] > 0.3 * width)
            return 0;
    return by;
}

static size_t collect(const struct line *line, const struct trace_track *track, struct crossing *list)
{
    const double far = 20;
    double right = 0, left = 0;
    size_t n = 0;

    for (int y = 1; y < line->rows; y++) {
        int by = crossing_at(line, track, y);
        double f = (line->path[y] - track->left[y]) / fmax(1, track->right[y] - track->left[y]);

        if (by) {
            if (list)
                list[n] = (struct crossing){y, by, false, (float)right, (float)left};
            n++;
            right = left = 0;
        }
        right += 1 + far * f * f;
        left += 1 + far * (1 - f) * (1 - f);
    }
    return n;
}

/* Viterbi over the number of widths away, which is 0 before the first crossing and after the last: marks the
 * crossings on the cheapest way as real.  applied: [n, STATES]. */
static void choose_real(struct crossing *list, size_t n, unsigned char *applied)
{
    float cost[STATES], next[STATES];

    for (int s = 0; s < STATES; s++)
        cost[s] = s == MOST_AWAY ? 0 : INFINITY;
    for (size_t i = 0; i < n; i++) {
        for (int s = 0; i && s < STATES; s++)
            cost[s] += s < MOST_AWAY ? list[i].left * (float)(MOST_AWAY - s) : list[i].right * (float)(s - MOST_AWAY);
        for (int s = 0; s < STATES; s++) {
            int from = s - list[i].by;
            float keep = cost[s] + DISBELIEF, apply = from >= 0 && from < STATES ? cost[from] : INFINITY;

            applied[i * STATES + (size_t)s] = apply < keep;
            next[s] = apply < keep ? apply : keep;
        }
        memcpy(cost, next, sizeof cost);
    }
    for (size_t i = n, s = MOST_AWAY; i-- > 0;) {
        list[i].real = applied[i * STATES + s];
        if (list[i].real)
            s = (size_t)((int)s - list[i].by);
    }
}

enum err_code finish_wrap(const struct line *line, const struct trace_track *track, int *wrap, struct err *e)
{
    size_t n = collect(line, track, NULL);
    struct crossing *list = malloc((n ? n : 1) * sizeof *list);
    unsigned char *applied = malloc((n ? n : 1) * STATES);
    enum err_code rc = ERR_OK;

    if (!list || !applied) {
        rc = err_memory(e, "a curve's wraps");
        goto out;
    }
    collect(line, track, list);
    choose_real(list, n, applied);
    for (int y = 0, count = 0, i = 0; y < line->rows; y++) {
        if ((size_t)i < n && list[i].row == y) {
            count += list[i].real ? list[i].by : 0;
            i++;
        }
        wrap[y] = count;
    }
out:
    free(applied);
    free(list);
    return rc;
}

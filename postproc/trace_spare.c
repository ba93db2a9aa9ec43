#include "postproc/trace_spare.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "postproc/trace_path.h"

/* In rows of a line that goes straight down: the least stretch worth a second look, the price of going over from
 * one curve to the other, what a row of a kick counts at most, and one on another curve's ink. */
static const int least_rows = 300;
static const float switch_cost = 150, most_a_row = 4, claimed_cost = 2;
static const double edge_columns = 2.5;

/* Rows over which it shows whether there is a second curve, and in what share of those with the line it is there. */
static const int stretch_rows = 1600;
static const float least_share = 0.9f;

bool spare_suspected(const struct line *line)
{
    int rows = 0;

    for (int y = 0; y < line->rows; y++)
        rows += line->ink[y] == INK_OWN && line->rival[y] > 0.5f;
    return rows >= least_rows;
}

/* Whether the path lies on a printed border, whose ink the network may take for a curve's. */
static bool on_edge(const struct line *line, const struct trace_track *track, int y)
{
    return trace_edge_distance(track, y, line->path[y]) <= edge_columns;
}

/* The row's ink on the path, in widths of the line. */
static float explained(const struct line *line, int y)
{
    if (line->ink[y] != INK_OWN || isnan(line->lo[y]))
        return 0;
    return fminf(most_a_row, (line->hi[y] - line->lo[y]) / fmaxf(1, 2 * line->radius));
}

/* What following the spare in row y wins. */
static float spare_gain(const struct line *line, const struct line *spare, const struct evidence *ev, int y)
{
    if (line->ink[y] != INK_OWN || on_edge(spare, ev->track, y))
        return 0;
    return claims_hold(&ev->others, y, spare->path[y]) ? -claimed_cost : explained(spare, y);
}

/* Whether row y has the line on its ink and the spare on ink that is nobody else's. */
static bool both_there(const struct line *line, const struct line *spare, const struct evidence *ev, int y)
{
    return line->ink[y] == INK_OWN && line_sure(spare, &ev->others, y) && !on_edge(spare, ev->track, y);
}

/* Marks the stretches in which the spare is a curve of its own: there almost wherever the line is.  What is pieced
 * together from ink that the line and curves of other classes have left over is not. */
static void find_drawn(const struct line *line, const struct line *spare, const struct evidence *ev, bool *drawn)
{
    int rows = line->rows, stretch = rows < stretch_rows ? rows : stretch_rows, of = 0, there = 0, marked = 0;

    for (int y = 0; y < rows; y++) {   /* of, there: of rows first .. y */
        int first = y - stretch + 1;

        drawn[y] = false;
        of += line->ink[y] == INK_OWN;
        there += both_there(line, spare, ev, y);
        if (first < 0)
            continue;
        if (of > 0 && (float)there >= least_share * (float)of)
            for (marked = marked > first ? marked : first; marked <= y; marked++)
                drawn[marked] = true;
        of -= line->ink[first] == INK_OWN;
        there -= both_there(line, spare, ev, first);
    }
}

/* Whether the paths exchange their curves at row y: this one leaps, and the other goes on where it was.  A curve that
 * comes back on the track's other side may leave a border behind there. */
static bool exchanged(const struct line *path, const struct line *other, const struct trace_track *track, int y)
{
    return y > 0 && line_leaps(path, path, y) && !line_leaps(path, other, y) && !on_edge(other, track, y) &&
           !trace_around(track, y, path->path[y - 1], path->path[y]);
}

enum err_code spare_settle(struct line *line, const struct line *spare, const struct evidence *ev, bool *changed,
                           struct err *e)
{
    /* Viterbi over which of the two is followed; came[y]: bit s is set if state s at row y came from the other. */
    const struct line *paths[2] = {line, spare};
    uint8_t *came = calloc((size_t)line->rows, 1);
    bool *drawn = malloc((size_t)line->rows * sizeof *drawn);
    float score[2] = {0, -switch_cost};
    int state;

    if (!came || !drawn) {
        free(came);
        free(drawn);
        return err_memory(e, "a second curve");
    }
    find_drawn(line, spare, ev, drawn);
    for (int y = 0; y < line->rows; y++) {
        float gain[2], next[2];

        if (!drawn[y]) {
            came[y] = score[1] > score[0];
            score[0] = fmaxf(score[0], score[1]);
            score[1] = -INFINITY;
            continue;
        }
        gain[0] = explained(line, y);
        gain[1] = spare_gain(line, spare, ev, y);
        for (int s = 0; s < 2; s++) {
            float over = score[!s] - (exchanged(paths[!s], paths[s], ev->track, y) ? 0 : switch_cost);
            float on = score[s] - (exchanged(paths[s], paths[!s], ev->track, y) ? switch_cost : 0);

            if (over > on)
                came[y] |= (uint8_t)(1 << s);
            next[s] = fmaxf(over, on) + gain[s];
        }
        score[0] = next[0];
        score[1] = next[1];
    }
    state = score[1] > score[0];
    for (int y = line->rows - 1; y >= 0; y--) {
        if (state) {
            line->path[y] = spare->path[y];
            *changed = true;
        }
        state ^= came[y] >> state & 1;
    }
    free(drawn);
    free(came);
    return ERR_OK;
}

#include "postproc/trace_pairs.h"

#include <math.h>
#include <stdlib.h>

#include "postproc/trace_lane.h"
#include "postproc/trace_ruled.h"
#include "postproc/trace_stroke.h"
#include "postproc/trace_texture.h"

enum { SLOPE_ROWS = 12,   /* over which a line's direction is read */
       TEXTURE_ROWS = 80, /* over which its roughness is */
       PART_ROWS = 6 };   /* for which lines that meet may part in between */

/* Costs in nats, as in trace_path.c. */
static const float per_column = 0.45f, jump_cost = 40, exchange_cost = 2, per_bend = 0.5f, per_texture = 2,
                   per_presence = 15, ink_limit = 3, per_degree = 0.3f, never = 1e6f;

/* Of row y against row y-1: the cost of each line going on as itself, and as the other. */
struct step { float stay, cross; };

/* Position and slope of x at row y, from up to SLOPE_ROWS rows on one side of it: way -1 above, 1 below.
 * False with fewer than 3 rows. */
static bool direction(const struct line *line, int y, int way, float *at, float *slope)
{
    double s = 0, st = 0, stt = 0, sx = 0, stx = 0, det;

    for (int k = 0; k < SLOPE_ROWS; k++) {
        int row = y + way * k;
        double t = way * k;

        if (row < 0 || row >= line->rows)
            break;
        if (isnan(line->x[row]))
            continue;
        s++;
        st += t;
        stt += t * t;
        sx += line->x[row];
        stx += t * line->x[row];
    }
    det = s * stt - st * st;
    if (s < 3 || det <= 0)
        return false;
    *slope = (float)((s * stx - st * sx) / det);
    *at = (float)((sx - *slope * st) / s);
    return true;
}

/* Mean sideways step over up to TEXTURE_ROWS rows on one side of row y, one column more so that straight
 * lines compare. */
static float texture(const struct line *line, int y, int way)
{
    float sum = 0;
    int n = 1;

    for (int k = 0; k < TEXTURE_ROWS; k++) {
        int row = y + way * k, next = row + way;

        if (next < 0 || next >= line->rows)
            break;
        if (isnan(line->x[row]) || isnan(line->x[next]))
            continue;
        sum += fminf(LINE_LEAP, fabsf(line->x[next] - line->x[row]));
        n++;
    }
    return 0.3f + sum / (float)n;
}

/* Share of the up to TEXTURE_ROWS rows on one side of row y in which the line has plain ink. */
static float presence(const struct line *line, int y, int way)
{
    int there = 0, n = 0;

    for (; n < TEXTURE_ROWS && y >= 0 && y < line->rows; n++, y += way)
        there += line->ink[y] >= INK_SPARE;
    return n ? (float)there / (float)n : 0;
}

/* How badly a line that leaves one row at p (slope dp) goes on `rows` below at q (slope dq). */
static float bend(float p, float dp, float q, float dq, int rows)
{
    float miss = fabsf(p + dp * (float)rows - q) + fabsf(q - dq * (float)rows - p);

    return fminf(jump_cost, per_bend * (miss / 2 + (float)SLOPE_ROWS / 2 * fabsf(dp - dq)));
}

/* Last row of a meeting that begins at row y: the lines touch, or one jumps and soon the other.  y-1 if
 * there is none. */
static int meeting_end(const struct line *a, const struct line *b, int y)
{
    int last = y - 1;
    bool a_jumps = line_leaps(a, a, y), b_jumps = line_leaps(b, b, y);

    for (int k = y + 1; a_jumps != b_jumps && k <= y + LINE_JUMP && k < a->rows; k++)
        if (a_jumps ? line_leaps(b, b, k) : line_leaps(a, a, k))
            last = k - 1;
    if (last < y && !lines_touch(a, b, y))
        return last;
    for (int k = last + 1; k < a->rows && k <= last + PART_ROWS; k++)
        if (lines_touch(a, b, k))
            last = k;
    return last;
}

static float step_cost(const struct line *from, const struct line *to, int y)
{
    return fminf(jump_cost, per_column * (float)abs(to->path[y] - from->path[y - 1]));
}

/* The limit is each line's own: where one leaps across the track the other is no nearer to leaping.  Lines that are apart
 * do not change places by leaping more often than they do anyhow, whatever tells them apart. */
static struct step apart_step(const struct line *a, const struct line *b, int y)
{
    int leaps = line_leaps(a, a, y) + line_leaps(b, b, y), crossing = line_leaps(a, b, y) + line_leaps(b, a, y);

    return (struct step){step_cost(a, a, y) + step_cost(b, b, y),
                         crossing > leaps ? never : exchange_cost + step_cost(a, b, y) + step_cost(b, a, y)};
}

/* The step out of a meeting of rows first..last: how the directions before fit those after. */
static struct step meeting_step(const struct line *a, const struct line *b, int first, int last)
{
    float pa, da, pb, db, qa, ea, qb, eb, rough, a0, b0, a1, b1, stay_a, stay_b, cross_a, cross_b;
    int rows = last - first + 2;

    if (rows > 4 * SLOPE_ROWS || !direction(a, first - 1, -1, &pa, &da) || !direction(b, first - 1, -1, &pb, &db) ||
        !direction(a, last + 1, 1, &qa, &ea) || !direction(b, last + 1, 1, &qb, &eb))
        return (struct step){0, exchange_cost};
    /* A rough curve stays rough: positive where the rougher line before is the rougher one after. */
    rough = logf(texture(a, first - 1, -1) / texture(b, first - 1, -1)) *
            logf(texture(a, last + 1, 1) / texture(b, last + 1, 1));
    rough = per_texture * fmaxf(-4, fminf(4, rough));
    /* And one that is there stays there, beside one that is hardly. */
    a0 = presence(a, first - 1, -1);
    b0 = presence(b, first - 1, -1);
    a1 = presence(a, last + 1, 1);
    b1 = presence(b, last + 1, 1);
    rough += per_presence * (a0 - b0) * (a1 - b1);
    stay_a = bend(pa, da, qa, ea, rows);
    stay_b = bend(pb, db, qb, eb, rows);
    cross_a = bend(pa, da, qb, eb, rows);
    cross_b = bend(pb, db, qa, ea, rows);
    if (fmaxf(fminf(a0, b0), fminf(a1, b1)) > 0.5f) {   /* one of two ends or begins: its path need not fit */
        stay_a *= fminf(a0, a1);
        stay_b *= fminf(b0, b1);
        cross_a *= fminf(a0, b1);
        cross_b *= fminf(b0, a1);
    }
    return (struct step){stay_a + stay_b + fmaxf(0, -rough), exchange_cost + cross_a + cross_b + fmaxf(0, rough)};
}

/* Fills steps: [rows].  Within a meeting the lines are one; if they cross there, then where they are
 * closest. */
static void fill_steps(const struct line *a, const struct line *b, struct step *steps)
{
    for (int y = 1; y < a->rows; y++) {
        int last = meeting_end(a, b, y), closest = y;

        steps[y] = apart_step(a, b, y);
        if (last < y)
            continue;
        for (int k = y; k <= last; k++) {
            steps[k] = (struct step){0, 2 * jump_cost};
            if (abs(a->path[k] - b->path[k]) < abs(a->path[closest] - b->path[closest]))
                closest = k;
        }
        if (last + 1 < a->rows)
            steps[closest] = meeting_step(a, b, y, last);
        y = last;
    }
}

/* Largest limited logit of the class within the line's thickness of column x. */
static float ink_at(const uint8_t *q, int columns, int x)
{
    float most = -ink_limit;

    for (int k = x - 2 < 0 ? 0 : x - 2; k <= x + 2 && k < columns; k++)
        most = fmaxf(most, fminf(ink_limit, (float)(q[k] - MASK_HALF) / MASK_SCALE));
    return most;
}

/* gain: [rows]: how much more of their own ink the lines would follow if exchanged.  Where both follow ink of
 * one class the difference is of degree only: one of the curves may be off the track, its line elsewhere.  Where
 * one is known to be off the track the other has nothing to gain. */
static void fill_gain(const struct line *a, const struct evidence *of_a, const struct line *b,
                      const struct evidence *of_b, uint8_t *q, float *gain)
{
    int columns = mask_columns(of_a->mask);

    for (int y = 0; y < a->rows; y++) {
        float at_a, at_b;   /* how much more like a's class than like b's */

        gain[y] = 0;
        if (of_a->class_index == of_b->class_index || a->ink[y] == INK_NONE || b->ink[y] == INK_NONE)
            continue;
        mask_get(of_a->mask, of_a->class_index, y, q);
        at_a = ink_at(q, columns, a->path[y]);
        at_b = ink_at(q, columns, b->path[y]);
        mask_get(of_b->mask, of_b->class_index, y, q);
        at_a -= ink_at(q, columns, a->path[y]);
        at_b -= ink_at(q, columns, b->path[y]);
        gain[y] = at_b - at_a;
        if (at_a * at_b > 0)
            gain[y] *= per_degree;
    }
}

static void exchange_row(struct line *a, struct line *b, int y)
{
    int path = a->path[y];
    float x = a->x[y];
    struct claim claim = a->claim[y];
    uint8_t shade = a->shade[y], tint = a->tint[y], breadth = a->breadth[y];

    a->path[y] = b->path[y];
    a->x[y] = b->x[y];
    a->claim[y] = b->claim[y];
    a->shade[y] = b->shade[y];
    a->tint[y] = b->tint[y];
    a->breadth[y] = b->breadth[y];
    b->path[y] = path;
    b->x[y] = x;
    b->claim[y] = claim;
    b->shade[y] = shade;
    b->tint[y] = tint;
    b->breadth[y] = breadth;
}

/* The best of exchanged or not, row by row (Viterbi over two states).  crossed: [rows, 2], scratch: whether
 * each state was best reached from the other. */
static bool decide(struct line *a, struct line *b, const struct step *steps, const float *gain, bool *crossed)
{
    float as_is = 0, exchanged = gain[0];
    bool state, any = false;

    for (int y = 1; y < a->rows; y++) {
        float keep0 = as_is - steps[y].stay, cross0 = exchanged - steps[y].cross;
        float keep1 = exchanged - steps[y].stay, cross1 = as_is - steps[y].cross;

        crossed[2 * y] = cross0 > keep0;
        crossed[2 * y + 1] = cross1 > keep1;
        as_is = fmaxf(keep0, cross0);
        exchanged = fmaxf(keep1, cross1) + gain[y];
    }
    state = exchanged > as_is;
    for (int y = a->rows - 1; y >= 0; y--) {
        if (state)
            exchange_row(a, b, y);
        any |= state;
        if (y > 0 && crossed[2 * y + state])
            state = !state;
    }
    return any;
}

/* What tells lines of one class apart. */
static enum err_code add_traits(const struct line *a, const struct line *b, const struct trace_track *track,
                                float *gain, struct err *e)
{
    enum err_code rc = stroke_gain(a, b, gain, e);

    if (rc == ERR_OK)
        rc = texture_gain(a, b, gain, e);
    if (rc == ERR_OK)
        rc = lane_gain(a, b, track, gain, e);
    return rc == ERR_OK ? ruled_gain(a, b, track, gain, e) : rc;
}

enum err_code pairs_untangle(struct line *a, const struct evidence *of_a, struct line *b,
                             const struct evidence *of_b, bool *changed, struct err *e)
{
    size_t n = (size_t)a->rows;
    struct step *steps = malloc(n * sizeof *steps);
    float *gain = calloc(n, sizeof *gain);
    bool *crossed = malloc(2 * n * sizeof *crossed);
    uint8_t *q = malloc((size_t)mask_columns(of_a->mask));
    enum err_code rc = ERR_OK;

    if (!steps || !gain || !crossed || !q) {
        rc = err_memory(e, "telling curves apart");
        goto out;
    }
    fill_steps(a, b, steps);
    fill_gain(a, of_a, b, of_b, q, gain);
    if (of_a->class_index == of_b->class_index)
        rc = add_traits(a, b, of_a->track, gain, e);
    if (rc == ERR_OK && decide(a, b, steps, gain, crossed))
        *changed = true;
out:
    free(q);
    free(crossed);
    free(gain);
    free(steps);
    return rc;
}

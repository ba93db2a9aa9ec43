#include "postproc/edges_fit.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "postproc/edges_align.h"

#define BAND_SEEN 0.3f       /* agreement from which a band counts as found */
enum { BLOCK = 32,           /* bands over which stretch is measured */
       MAX_LINES = 512,
       LONE_REACH = 4 };     /* columns off what was given at which one line alone may still be a border:
                                farther off it is the next one of the grid of a track without borders */

/* The page's printed lines. */
struct lines {
    int n;
    double at[MAX_LINES];
    float strength[MAX_LINES];
};

static void collect_lines(const struct alignment *a, struct lines *lines)
{
    lines->n = 0;
    for (int x = a->x0; x < a->x1 && lines->n < MAX_LINES;) {
        double sum = 0, weight = 0;
        float top = 0;

        if (a->page[x] < a->line_level) {
            x++;
            continue;
        }
        for (; x < a->x1 && a->page[x] >= a->line_level; x++) {
            sum += a->page[x] * x;
            weight += a->page[x];
            top = a->page[x] > top ? a->page[x] : top;
        }
        lines->at[lines->n] = sum / weight;
        lines->strength[lines->n++] = top;
    }
}

/* The line nearest to x and not farther than `reach`; -1 if there is none. */
static int nearest_line(const struct lines *lines, double x, double reach)
{
    int best = -1;

    for (int i = 0; i < lines->n; i++)
        if (fabs(lines->at[i] - x) <= reach) {
            reach = fabs(lines->at[i] - x);
            best = i;
        }
    return best;
}

static int compare_double(const void *p, const void *q)
{
    double a = *(const double *)p, b = *(const double *)q;

    return (a > b) - (a < b);
}

/* Lines close outside a track speak against its borders being there: they are the next ones of the grid. */
static float strength_outside(const struct lines *lines, double left, double right)
{
    double near = 0.03 * (right - left), far = 0.12 * (right - left);
    float most_left = 0, most_right = 0;

    for (int i = 0; i < lines->n; i++) {
        double l = left - lines->at[i], r = lines->at[i] - right;

        if (l > near && l < far)
            most_left = fmaxf(most_left, lines->strength[i]);
        if (r > near && r < far)
            most_right = fmaxf(most_right, lines->strength[i]);
    }
    return most_left + most_right;
}

/* Where the given edges lie on the page at shift 0: the user read them somewhere on a page that moves, so
 * the printed borders are looked for around the middle of its movement; the nearest and plainest pair
 * wins.  *seen tells how many of its lines are there. */
static enum err_code find_offset(const struct alignment *a, const struct lines *lines, const struct edge_fit *fit,
                                 double *offset, int *seen, struct err *e)
{
    size_t n = (size_t)a->bands->n;
    double *sorted = malloc(n * sizeof *sorted), middle, range, per_column, best = -DBL_MAX;
    float strongest = a->line_level;

    if (!sorted)
        return err_memory(e, "the track's edges");
    for (size_t b = 0; b < n; b++)
        sorted[b] = a->shift[b];
    qsort(sorted, n, sizeof *sorted, compare_double);
    middle = sorted[n / 2];
    range = sorted[n - 1 - n / 50] - sorted[n / 50];
    free(sorted);

    /* Paper that runs far askew may have been read anywhere on the way. */
    per_column = fmin(0.01, 0.3 / fmax(range / 2, 1));
    for (int i = 0; i < lines->n; i++)
        strongest = fmaxf(strongest, lines->strength[i]);
    *offset = -middle;
    *seen = 0;
    for (double d = -range / 2 - 12; d <= range / 2 + 12; d += 0.5) {
        double l = fit->left - middle + d, r = fit->right - middle + d, score;
        int at_l = nearest_line(lines, l, 2), at_r = nearest_line(lines, r, 2), there = (at_l >= 0) + (at_r >= 0);

        if (there == 0 || (there == 1 && fabs(d) > range / 2 + LONE_REACH))
            continue;
        score = (at_l >= 0 ? lines->strength[at_l] - 0.1 * fabs(lines->at[at_l] - l) : 0) +
                (at_r >= 0 ? lines->strength[at_r] - 0.1 * fabs(lines->at[at_r] - r) : 0) -
                0.5 * strength_outside(lines, l, r);
        score = score / strongest - 0.05 * fmax(0, fabs(d) - range / 2) - per_column * fabs(d);
        if (score > best) {
            best = score;
            *offset = d - middle;
            *seen = there;
        }
    }
    return ERR_OK;
}

static int lines_between(const struct lines *lines, double left, double right)
{
    int n = 0;

    for (int i = 0; i < lines->n; i++)
        n += lines->at[i] > left && lines->at[i] < right;
    return n;
}

/* Least squares of left and right against the lines within `reach` of `divisions` even divisions.
 * Returns how many there were; *rms is their spread about the fit before this one. */
static int fit_divisions(const struct lines *lines, int divisions, double reach, double *left, double *right,
                         double *rms)
{
    double s = 0, st = 0, stt = 0, sx = 0, stx = 0, off = 0, det, l;

    for (int i = 0; i <= divisions; i++) {
        double t = (double)i / divisions, x = *left + t * (*right - *left);
        int at = nearest_line(lines, x, reach);

        if (at < 0)
            continue;
        s++;
        st += t;
        stt += t * t;
        sx += lines->at[at];
        stx += t * lines->at[at];
        off += (lines->at[at] - x) * (lines->at[at] - x);
    }
    det = s * stt - st * st;
    if (s < 6 || s < 0.7 * (divisions + 1) || det <= 0)
        return 0;
    *rms = sqrt(off / s);
    l = (sx * stt - stx * st) / det;
    *right = l + (s * stx - st * sx) / det;
    *left = l;
    return (int)s;
}

/* Fits left and right to the lines of an evenly divided track: a border that was printed or typed a little
 * off its place gives way to the grid.  False if the lines are few or not evenly spaced. */
static bool fit_even_grid(const struct lines *lines, double *left, double *right)
{
    static const int divisions[] = {50, 40, 25, 20, 16, 10, 8, 5};
    double width = *right - *left;

    for (size_t k = 0; k < sizeof divisions / sizeof *divisions; k++) {
        double l = *left, r = *right, reach = fmin(0.008 * width, 0.15 * width / divisions[k]), rms = 0;
        int used = 0;

        for (int pass = 0; pass < 4; pass++) {
            used = fit_divisions(lines, divisions[k], fmax(1.2, pass == 0 ? reach : reach / 2), &l, &r, &rms);
            if (!used)
                break;
        }
        if (used && rms < 0.4 + 0.001 * width && used - 2 >= 0.7 * lines_between(lines, l + 3, r - 3) &&
            fabs(r - l - width) < 0.02 * width) {
            *left = l;
            *right = r;
            return true;
        }
    }
    return false;
}

/* The borders at shift 0.  Where only the borders are seen, the given width is kept unless it is far off. */
static void find_borders(const struct lines *lines, double *left, double *right)
{
    double width = *right - *left, l, r;
    int at_l = nearest_line(lines, *left, 4), at_r = nearest_line(lines, *right, 4);

    if (fit_even_grid(lines, left, right))
        return;
    l = at_l >= 0 ? lines->at[at_l] : at_r >= 0 ? lines->at[at_r] - width : *left;
    r = at_r >= 0 ? lines->at[at_r] : at_l >= 0 ? lines->at[at_l] + width : *right;
    if (fabs(r - l - width) < 0.01 * width) {
        double middle = (l + r) / 2;

        l = middle - width / 2;
        r = middle + width / 2;
    }
    *left = l;
    *right = r;
}

/* Which way the lines of columns x0..x1-1 lie off the page's in the bands of one block, to a fraction of a
 * column; false if they do not tell. */
static bool residual(const struct alignment *a, int first, int last, int x0, int x1, double *by)
{
    enum { REACH = 3 };
    double sum[2 * REACH + 1] = {0}, self = 0, bend;
    int top = REACH;

    for (int x = x0; x < x1; x++) {
        if (a->page[x] < a->line_level)
            continue;
        self += a->page[x] * a->page[x];
        for (int b = first; b < last; b++)
            for (int d = -REACH; d <= REACH; d++)
                sum[d + REACH] += a->page[x] * align_sample(a->bands, b, x + a->shift[b] + d);
    }
    for (int d = 0; d <= 2 * REACH; d++)
        if (sum[d] > sum[top])
            top = d;
    if (top == 0 || top == 2 * REACH || sum[top] < BAND_SEEN * self * (last - first) || self == 0)
        return false;
    bend = 2 * sum[top] - sum[top - 1] - sum[top + 1];
    *by = top - REACH + (bend > 0 ? (sum[top + 1] - sum[top - 1]) / (2 * bend) : 0);
    return true;
}

/* Change of the track's width, block by block, from how its left and right halves move against each other:
 * wider[b] is added at the right edge and taken at the left.  Kept small and smooth. */
static void stretch(const struct alignment *a, double left, double right, double *wider)
{
    int n = a->bands->n, middle = (int)((left + right) / 2);
    double limit = 0.008 * (right - left), kept = 0;

    for (int first = 0; first < n; first += BLOCK) {
        int last = first + BLOCK < n ? first + BLOCK : n;
        double l, r, now = 0;

        if (residual(a, first, last, a->x0, middle, &l) && residual(a, first, last, middle, a->x1, &r))
            now = fmax(-limit, fmin(limit, r - l));
        kept = first ? 0.5 * (kept + now) : now;
        for (int b = first; b < last; b++)
            wider[b] = kept;
    }
}

/* The given edges, for a page on which nothing was found. */
static void as_given(struct edge_fit *fit, int n)
{
    for (int b = 0; b < n; b++) {
        fit->band_left[b] = fit->left;
        fit->band_right[b] = fit->right;
    }
    fit->found = 0;
}

static void place(struct edge_fit *fit, const struct alignment *a, const struct lines *lines, double offset,
                  double *wider)
{
    double left = fit->left + offset, right = fit->right + offset;

    find_borders(lines, &left, &right);
    stretch(a, left, right, wider);
    for (int b = 0; b < a->bands->n; b++) {
        fit->band_left[b] = left + a->shift[b] - wider[b] / 2;
        fit->band_right[b] = right + a->shift[b] + wider[b] / 2;
        fit->found += a->support[b] >= BAND_SEEN;
    }
    fit->found /= a->bands->n;
}

/* The columns, at shift 0, of the track and what is beside it, if it was read in a band that lies between `least` and
 * `most` columns to the right of band 0. */
static void around_track(struct alignment *a, const struct edge_fit *fit, double least, double most)
{
    enum { BESIDE = 48 };

    a->x0 = (int)fmax(0, floor(fit->left - most) - BESIDE);
    a->x1 = (int)fmin(a->bands->columns, ceil(fit->right - least) + BESIDE + 1);
}

/* Follows the lines around the track; where the paper moves far, those that were around it in another band too. */
static enum err_code align(struct alignment *a, const struct edge_fit *fit, struct err *e)
{
    enum { FAR = 24 };
    double least = 0, most = 0;
    enum err_code rc = align_bands(a, e);

    for (int b = 0; rc == ERR_OK && b < a->bands->n; b++) {
        least = fmin(least, a->shift[b]);
        most = fmax(most, a->shift[b]);
    }
    if (rc != ERR_OK || most - least < FAR)
        return rc;
    around_track(a, fit, least, most);
    return align_bands(a, e);
}

enum err_code edge_fit_bands(struct edge_fit *fit, const struct bands *bands, struct err *e)
{
    size_t n = (size_t)bands->n;
    struct alignment a = {.bands = bands, .shift = calloc(n, sizeof *a.shift), .support = calloc(n, sizeof *a.support),
                          .page = calloc((size_t)bands->columns, sizeof *a.page)};
    double *wider = calloc(n, sizeof *wider), offset = 0;
    struct lines *lines = malloc(sizeof *lines);
    int seen = 0;
    enum err_code rc = ERR_OK;

    if (!a.shift || !a.support || !a.page || !wider || !lines) {
        rc = err_memory(e, "the track's edges");
        goto out;
    }
    around_track(&a, fit, 0, 0);
    as_given(fit, bands->n);
    if (a.x1 - a.x0 < 16)
        goto out;
    rc = align(&a, fit, e);
    collect_lines(&a, lines);
    if (rc == ERR_OK)
        rc = find_offset(&a, lines, fit, &offset, &seen, e);
    if (rc != ERR_OK)
        goto out;
    /* A lone line may be a curve; two borders or most of a grid are not. */
    if (seen == 2 || lines->n >= 5)
        place(fit, &a, lines, offset, wider);
    if (fit->found < 0.2)
        as_given(fit, bands->n);
out:
    free(lines);
    free(wider);
    free(a.page);
    free(a.support);
    free(a.shift);
    return rc;
}

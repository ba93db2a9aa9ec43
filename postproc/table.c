#include "postproc/table.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/number.h"

static const double max_samples = 5e6;
static const int max_decimals = 9;

/* The index: multiples first..last of step / 10^decimals. */
struct grid { int64_t first, last, step; int decimals; };

/* Whether a / b is whole as checkers of LAS files calculate it.  lascheck scales both to integers in
 * binary floating point, where 0.57 * 100 is not 57; this is its rule, step by step. */
static bool divides_in_binary(int64_t scaled, const struct grid *g)
{
    int decimals = g->decimals;
    if (decimals == 0)
        return true;
    double a = fabs((double)scaled / (double)number_power10(decimals));
    double b = (double)g->step / (double)number_power10(decimals);
    a *= (double)number_power10(decimals);
    b *= (double)number_power10(decimals);
    double quotient = floor((a - fmod(a, b)) / b + 0.5);
    return a - quotient * b == 0;
}

/* How many samples must go at an end (direction 1: from the first on, -1: from the last back) until it
 * divides; TRIM + 1 if none of the nearest does, as for steps that are themselves inexact in binary. */
enum { TRIM = 12 };

static int to_trim(const struct grid *g, int64_t end, int direction)
{
    int n = 0;
    while (n <= TRIM && !divides_in_binary((end + direction * n) * g->step, g))
        n++;
    return n;
}

/* Readers check both ends in binary floating point: of the samples there, up to twelve are left off
 * where that makes both pass. */
static void settle_ends(struct grid *g)
{
    int top = to_trim(g, g->first, 1), bottom = to_trim(g, g->last, -1);
    if (top > TRIM || bottom > TRIM || g->last - g->first < top + bottom)
        return;
    g->first += top;
    g->last -= bottom;
}

/* A round step of one to two and a half rows' depth: 1, 2, 5 x 10^n metres or 1, 2.5, 5 x 10^n feet. */
static double choose_step(double row_depth, enum depth_unit unit)
{
    double mantissa[] = { 1, unit == DEPTH_FT ? 2.5 : 2, 5, 10 };
    int exponent = (int)fmin(fmax(floor(log10(row_depth)), -8.0), 6.0);
    double power = (double)number_power10(exponent < 0 ? -exponent : exponent);
    for (size_t i = 0; i < 4; i++) {
        double step = exponent < 0 ? mantissa[i] / power : mantissa[i] * power;
        if (step >= row_depth * (1 - 1e-9))
            return step;
    }
    return exponent < 0 ? 10 / power : 10 * power;
}

/* The index's range before it is put on the grid. */
static void index_range(const struct layout *layout, bool has_depth, double *low, double *high)
{
    if (!has_depth) {
        *low = layout->y0;
        *high = layout->y1 - 1;
        return;
    }
    double a = layout_depth_at(layout, layout->y0), b = layout_depth_at(layout, layout->y1);
    *low = fmin(a, b);
    *high = fmax(a, b);
}

static enum err_code make_grid(struct grid *g, const struct layout *layout, size_t n_curves, double step,
                               struct err *e)
{
    bool has_depth = layout->n_depth_lines > 0;
    double low, high;
    index_range(layout, has_depth, &low, &high);
    if (step == 0)
        step = has_depth ? choose_step((high - low) / (layout->y1 - layout->y0), layout->depth_unit) : 1;
    g->decimals = number_decimals(step, max_decimals);
    if (g->decimals < 0 || !(step > 0) || !(fabs(low) < 1e8) || !(fabs(high) < 1e8) || step > 1e8)
        return err_field(e, ERR_INVALID, "step", "The step must be over 0 and have at most %d decimals.", max_decimals);
    /* Rounding must not leave out an end that lies on the grid. */
    double first = ceil(low / step - 1e-6), last = floor(high / step + 1e-6);
    if (last < first)
        return err_field(e, ERR_INVALID, "step", "The step of %g is wider than the region: no multiple of it lies inside.",
                         step);
    if ((last - first + 1) * (double)n_curves > max_samples)
        return err_field(e, ERR_INVALID, "step", "The step of %g gives %.0f samples of %zu curves; at most %.0f in all are made.",
                         step, last - first + 1, n_curves, max_samples);
    g->first = (int64_t)first;
    g->last = (int64_t)last;
    g->step = llround(step * (double)number_power10(g->decimals));
    if (has_depth)
        settle_ends(g);
    return ERR_OK;
}

/* The trace's position as a fraction of the track's width, wraps added; NaN where null or beyond the trace. */
static double fraction_at(const struct table_track *t, const struct trace *trace, int row)
{
    if (row < 0 || row >= trace->rows)
        return NAN;
    return ((double)trace->x[row] - t->left[row]) / (t->right[row] - t->left[row]) + trace->wrap[row];
}

/* The slope of a curve at the second of three rows. */
static double slope_at(double before, double at, double after)
{
    double a = at - before, b = after - at;
    if (isnan(a) || isnan(b))
        return isnan(a) ? b : a;
    return a * b > 0 ? 2 * a * b / (a + b) : 0;
}

/* The curve `w` of the way from row i to the next, both of which have a value: a cubic that goes through the rows' values
 * and beyond none of them (Fritsch and Butland 1984, "A method for constructing local monotone piecewise cubic
 * interpolants").  Straight lines would cut all peaks by what lies between two rows. */
static double between(const struct table_track *t, const struct trace *trace, int i, double w)
{
    double a = fraction_at(t, trace, i), b = fraction_at(t, trace, i + 1), u = 1 - w;
    double slope_a = slope_at(fraction_at(t, trace, i - 1), a, b), slope_b = slope_at(a, b, fraction_at(t, trace, i + 2));
    return u * u * (a * (1 + 2 * w) + slope_a * w) + w * w * (b * (1 + 2 * u) - slope_b * u);
}

/* Reads the trace at v on the mask's row axis.  Between two rows with a value it is interpolated; a row
 * beside a null one stands for the whole of its own height. */
static double sample(const struct table_track *t, const struct trace *trace, double v, double *confidence)
{
    *confidence = 0;
    if (trace->rows < 1 || !(v >= 0 && v <= trace->rows))
        return NAN;
    double centre = v - 0.5, below = floor(centre), w = centre - below;
    int i = (int)below, j = i + 1;
    if (i < 0 || (j < trace->rows && isnan(trace->x[i]) && w >= 0.5))
        i = j;
    if (j >= trace->rows || (isnan(trace->x[j]) && w < 0.5))
        j = i;
    if (isnan(trace->x[i]) || isnan(trace->x[j]))
        return NAN;
    *confidence = i == j ? trace->confidence[i] : (1 - w) * trace->confidence[i] + w * trace->confidence[j];
    return i == j ? fraction_at(t, trace, i) : between(t, trace, i, w);
}

static double value_of(const struct layout_curve *curve, double fraction)
{
    if (curve->scale == SCALE_LOG)
        return curve->left * pow(curve->right / curve->left, fraction);
    return curve->left + (curve->right - curve->left) * fraction;
}

static void fill_curve(struct table_curve *out, const struct table *table, const struct layout *layout,
                       const struct table_track *track, const struct trace *trace)
{
    const struct mask_geometry *m = &track->geometry;
    size_t found = 0;
    double confidence_sum = 0;
    for (size_t i = 0; i < table->rows; i++) {
        double index = table->start + (double)i * table->step, confidence;
        double y = table->has_depth ? layout_row_at(layout, index) : index + 0.5;
        double fraction = sample(track, trace, (y - m->y_origin) * m->y_scale, &confidence);
        double value = value_of(out->curve, fraction);
        bool present = isfinite(value);
        out->value[i] = present ? value : NAN;
        out->confidence[i] = present ? (float)confidence : 0;
        found += present;
        confidence_sum += present ? confidence : 0;
    }
    out->coverage = (double)found / (double)table->rows;
    out->mean_confidence = found ? confidence_sum / (double)found : 0;
    out->drawn = trace->drawn;
}

static enum err_code allocate(struct table *out, size_t n_curves, struct err *e)
{
    out->curves = calloc(n_curves, sizeof *out->curves);
    if (!out->curves)
        return err_memory(e, "the curves");
    out->n_curves = n_curves;
    for (size_t i = 0; i < n_curves; i++) {
        out->curves[i].value = calloc(out->rows, sizeof *out->curves[i].value);
        out->curves[i].confidence = calloc(out->rows, sizeof *out->curves[i].confidence);
        if (!out->curves[i].value || !out->curves[i].confidence)
            return err_memory(e, "the curves' samples");
    }
    return ERR_OK;
}

enum err_code table_build(struct table *out, const struct layout *layout, const struct table_track *tracks,
                          size_t n_tracks, double step, struct err *e)
{
    struct grid grid = { 0 };
    size_t n_curves = 0;
    memset(out, 0, sizeof *out);
    for (size_t t = 0; t < n_tracks; t++)
        n_curves += tracks[t].track->n_curves;
    if (n_curves == 0)
        return err_field(e, ERR_INVALID, "curve", "No curve is asked for.");
    enum err_code code = make_grid(&grid, layout, n_curves, step, e);
    if (code != ERR_OK)
        return code;
    double unit = (double)number_power10(grid.decimals);
    out->has_depth = layout->n_depth_lines > 0;
    out->unit = layout->depth_unit;
    out->decimals = grid.decimals;
    out->start = (double)(grid.first * grid.step) / unit;
    out->step = (double)grid.step / unit;
    out->rows = (size_t)(grid.last - grid.first + 1);
    code = allocate(out, n_curves, e);
    if (code != ERR_OK) {
        table_clear(out);
        return code;
    }
    struct table_curve *curve = out->curves;
    for (size_t t = 0; t < n_tracks; t++)
        for (size_t k = 0; k < tracks[t].track->n_curves; k++, curve++) {
            curve->curve = &tracks[t].track->curves[k];
            fill_curve(curve, out, layout, &tracks[t], &tracks[t].traces[k]);
        }
    return ERR_OK;
}

int64_t table_index_scaled(const struct table *table, size_t i)
{
    double unit = (double)number_power10(table->decimals);
    return llround(table->start * unit) + (int64_t)i * llround(table->step * unit);
}

void table_clear(struct table *table)
{
    for (size_t i = 0; i < table->n_curves; i++) {
        free(table->curves[i].value);
        free(table->curves[i].confidence);
    }
    free(table->curves);
    memset(table, 0, sizeof *table);
}

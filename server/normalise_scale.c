#include "server/normalise_scale.h"

#include <math.h>

/* Resolution tags outside these bounds are not believed. */
static const double LOWEST_DPI = 72, HIGHEST_DPI = 1200;

/* Logs are printed on paper of up to about a foot. */
static const double WIDEST_PAPER = 12.5;

/* So near the network's resolution the pixels are taken as they are: exact, where resampling would blur. */
static const double SAME_SCALE = 0.03;

static const double LEAST_SCALE = 1.0 / 8, MOST_SCALE = 4;

/* Network pixels.  It learns on tracks of 250 to 850 with lines of 1 to 6: narrower ones lose their fine lines, and
 * tracks of twice the usual width are more than it sees across. */
static const double NARROW_TRACK = 400, WIDE_TRACK = 1500, MAGNIFIED_STROKE = 3, THICK_STROKE = 4;

static const double WORTH_MAGNIFYING = 1.05;

/* What software that knows no resolution writes. */
static bool is_default(double dpi)
{
    return dpi == 72 || dpi == 96;
}

static bool believed(double dpi, int width)
{
    if (dpi < LOWEST_DPI || dpi > HIGHEST_DPI)
        return false;
    return !is_default(dpi) || width / dpi <= WIDEST_PAPER;
}

/* The resolution of a scan that does not say: the network's, unless the paper would be too wide. */
static double guess_dpi(int width, int dpi)
{
    static const double usual[] = { 300, 400, 600 };
    if (width <= WIDEST_PAPER * dpi)
        return dpi;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (usual[i] > dpi && width <= WIDEST_PAPER * usual[i])
            return usual[i];
    return dpi;
}

static double limit_scale(double scale)
{
    if (fabs(scale - 1) <= SAME_SCALE)
        return 1;
    return scale < LEAST_SCALE ? LEAST_SCALE : scale > MOST_SCALE ? MOST_SCALE : scale;
}

/* What the stated or guessed scale is to be multiplied by.  stated: the file's word can be relied on. */
static double correction(const struct scale_hints *hints, double scale, bool stated)
{
    double narrow = hints->narrow * scale, wide = hints->wide * scale, stroke = hints->stroke * scale, by = 1;
    if (!stated && stroke > THICK_STROKE)
        by = narrow > 0 ? fmin(1, fmax(THICK_STROKE / stroke, NARROW_TRACK / narrow)) : THICK_STROKE / stroke;
    if (!stated && narrow > 0 && stroke > 0) {
        double more = fmin(NARROW_TRACK / narrow, MAGNIFIED_STROKE / stroke);
        if (more >= WORTH_MAGNIFYING)
            by = more;
    }
    return wide * by > WIDE_TRACK ? WIDE_TRACK / wide : by;
}

struct scale scale_choose(const struct scan_info *info, int dpi, const struct scale_hints *hints)
{
    double x = info->dpi_x, y = info->dpi_y;
    bool stated = believed(x, info->width) || believed(y, info->width);
    if (!believed(x, info->width))
        x = stated ? y : guess_dpi(info->width, dpi);
    if (!believed(y, info->width))
        y = x;
    bool sure = stated && !is_default(x) && !is_default(y);
    double by = correction(hints, dpi / sqrt(x * y), sure);
    return (struct scale){ limit_scale(by * dpi / x), limit_scale(by * dpi / y),
                           info->dpi_x > 0 && (!stated || (!sure && by < 0.9)) };
}

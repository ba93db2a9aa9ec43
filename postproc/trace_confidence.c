#include <math.h>

#include "postproc/trace_finish.h"

/* Logistic model of "x is within 1 % of the track's width of the truth". */
static const struct {
    float bias, peak, peak_around, rival, width, jump, bridged;
} model = {-2.0f, 2.0f, 5.0f, -1.0f, -0.1f, -0.3f, -1.5f};

static float peak_around(const struct line *line, int y)
{
    float sum = 0;
    int n = 0;

    for (int k = y - 6; k <= y + 6; k++)
        if (k >= 0 && k < line->rows) {
            sum += line->peak[k];
            n++;
        }
    return sum / (float)n;
}

void finish_confidence(const struct line *line, const struct trace_track *track, float *confidence)
{
    for (int y = 0; y < line->rows; y++) {
        float width = (float)(track->right[y] - track->left[y]), score, run = 0, jump = 0;

        confidence[y] = 0;
        if (isnan(line->x[y]))
            continue;
        if (!isnan(line->lo[y]) && width > 0)
            run = fminf(10, fmaxf(0, 100 * (line->hi[y] - line->lo[y] - 2 * line->radius) / width));
        if (y > 0 && !isnan(line->x[y - 1]) && width > 0)
            jump = fminf(10, 100 * fabsf(line->x[y] - line->x[y - 1]) / width);
        score = model.bias + model.peak * line->peak[y] + model.peak_around * peak_around(line, y) +
                model.rival * line->rival[y] + model.width * run + model.jump * jump +
                (line->ink[y] == INK_NONE ? model.bridged : 0);
        confidence[y] = 1 / (1 + expf(-score));
    }
}

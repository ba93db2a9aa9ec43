#include "postproc/trace_pen.h"

#include <math.h>

void pen_make(struct pen *pen, float radius)
{
    pen->rows = (int)ceilf(radius);
    for (int k = 0; k < PEN_OFFSETS; k++) {
        float dy = radius * (float)(k - PEN_SAMPLES) / PEN_SAMPLES;
        int before = (int)floorf(dy);

        pen->at[k].before = before;
        pen->at[k].share = dy - (float)before;
        pen->at[k].cover = sqrtf(radius * radius - dy * dy);
    }
    for (int d = -PEN_REACH; d <= PEN_REACH; d++) {
        int first = 0, end;

        while (first < PEN_OFFSETS && pen->at[first].before + 1 < -d)
            first++;
        for (end = first; end < PEN_OFFSETS && pen->at[end].before <= -d; end++)
            ;
        pen->near[d + PEN_REACH].first = first;
        pen->near[d + PEN_REACH].end = end;
    }
}

/* What the pen covers of row y at the offsets from `first` on and before `end`, and what is in the span already. */
static struct span widen(const struct pen *pen, const float *x, int y, int first, int end, struct span span)
{
    for (int k = first; k < end; k++) {
        const float *before = x + y + pen->at[k].before;
        float at = before[0] + pen->at[k].share * (before[1] - before[0]);

        span.lo = at - pen->at[k].cover < span.lo ? at - pen->at[k].cover : span.lo;
        span.hi = at + pen->at[k].cover > span.hi ? at + pen->at[k].cover : span.hi;
    }
    return span;
}

struct span pen_cover(const struct pen *pen, const float *x, int y)
{
    return widen(pen, x, y, 0, PEN_OFFSETS, (struct span){INFINITY, -INFINITY});
}

/* The curve at an offset, for each of the places, of which one is the row before it or the row after. */
static void between(const float *before, float share, int placed_before, const float *restrict places,
                    float *restrict at)
{
    float other = before[placed_before];

    if (placed_before)
        for (int i = 0; i < PEN_PLACES; i++)
            at[i] = places[i] + share * (other - places[i]);
    else
        for (int i = 0; i < PEN_PLACES; i++)
            at[i] = other + share * (places[i] - other);
}

static void widen_each(float *restrict lo, float *restrict hi, const float *restrict at, float cover)
{
    for (int i = 0; i < PEN_PLACES; i++) {
        float left = at[i] - cover, right = at[i] + cover;

        lo[i] = left < lo[i] ? left : lo[i];
        hi[i] = right > hi[i] ? right : hi[i];
    }
}

void pen_cover_each(const struct pen *pen, const float *x, int y, int d, const float places[static PEN_PLACES],
                    struct spans *out)
{
    int first = pen->near[d + PEN_REACH].first, end = pen->near[d + PEN_REACH].end;
    struct span rest = widen(pen, x, y + d, 0, first, (struct span){INFINITY, -INFINITY});
    float at[PEN_PLACES];

    rest = widen(pen, x, y + d, end, PEN_OFFSETS, rest);
    for (int i = 0; i < PEN_PLACES; i++) {
        out->lo[i] = rest.lo;
        out->hi[i] = rest.hi;
    }
    for (int k = first; k < end; k++) {
        between(x + y + d + pen->at[k].before, pen->at[k].share, pen->at[k].before == -d, places, at);
        widen_each(out->lo, out->hi, at, pen->at[k].cover);
    }
}

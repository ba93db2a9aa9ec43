/* Scans taller than one window: windows at fixed row numbers whose overlaps are blended. */
#ifndef NN_WINDOWS_H
#define NN_WINDOWS_H

#include "nn/curvenet.h"

/* Rows that two windows share, a multiple of 32: curves are marked as well there as amid a window. */
enum { WINDOWS_OVERLAP = 128 };

/* The height of windows for input of `columns` columns, at most max_rows.  The attention's cost grows with the
 * square of a window, the overlap's with the number of windows; and the network, which learns from crops of some
 * hundred rows, marks curves a little better in windows of this size than in taller ones (docs/curvenet.md). */
int windows_rows(int max_rows, int columns);

/* How `rows` rows are cut into windows of at most max_rows rows, each overlapping the one before it by
 * `overlap` rows.  Window k starts at k * (max_rows - overlap), whatever the scan's height. */
struct windows {
    int rows, max_rows, overlap;
    int count;
};

/* max_rows > 2 * overlap; both multiples of 32, so that a window's start never moves the grid of the
 * strided stages. */
struct windows windows_plan(int rows, int max_rows, int overlap);
void windows_span(const struct windows *windows, int k, int *y0, int *y1);

/* Blends the windows' logits: hold the overlap of window k, fade it into window k + 1 linearly in
 * logits, and pass every row of the scan to `sink` exactly once, y counted from the scan's first row. */
struct window_blend;

enum err_code window_blend_create(struct window_blend **out, const struct windows *windows, int classes, int width,
                                  curvenet_sink sink, void *sink_ctx, struct err *e);
void window_blend_free(struct window_blend *blend);
/* Announces that window k is next; windows come in ascending order. */
void window_blend_begin(struct window_blend *blend, int k);
/* A curvenet_sink (ctx is the blend) for the window announced. */
enum err_code window_blend_sink(void *ctx, int y, int rows, const float *logits, size_t class_stride,
                                size_t row_stride, struct err *e);

#endif

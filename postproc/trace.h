/* Mask to curves: for each curve of a track the best continuous path down the mask, to a fraction of
 * a pixel, with nulls where there is no evidence and a confidence for each row (design.md section 5). */
#ifndef POSTPROC_TRACE_H
#define POSTPROC_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/job.h"
#include "base/pool.h"
#include "postproc/layout.h"
#include "postproc/mask.h"

/* One traced curve in mask pixels: x: [rows], the line's centre (the centre of column i is i), NaN where
 * null; confidence: [rows], 0..1, the probability that x is within 1 % of the track's width of the truth.
 * A wrapped ("backup") curve keeps its position inside the track; wrap: [rows] counts how many track
 * widths it has left to the right (positive) or left (negative), to be added when calibrated.
 * drawn: the style that it was found in.  A dashed curve of which nothing is there may be a dotted one that is and was not
 * asked for, and the other way round, and any one whose style is a guess may be of any.  If it is nowhere (all of x is NaN),
 * the style of a curve that is there and was not asked for, or else that asked for. */
struct trace {
    float *x;
    float *confidence;
    int *wrap;
    int rows;
    enum curve_style drawn;
};

/* Gives how dark the scan is at row y of the mask, before any levelling: ink: [columns], 0 paper .. 255 black. */
typedef enum err_code (*trace_shade)(void *ctx, int y, uint8_t *ink, struct err *e);

/* Gives the scan's colours there, likewise: tint: [columns], equal for pixels of one colour, 1..255. */
typedef enum err_code (*trace_tint)(void *ctx, int y, uint8_t *tint, struct err *e);

/* Gives by how many columns n positions are to be moved; inputs: [n, CORRECT_INPUTS] (postproc/trace_correct.h).  Called
 * from several threads at a time. */
typedef enum err_code (*trace_corrector)(void *ctx, const float *inputs, size_t n, float *off, struct err *e);

/* The class, of those that a mask has, in which a curve of this style is sought: a network without dotted curves calls
 * them dashed. */
static inline int trace_class(enum curve_style style, int classes)
{
    return (int)style < classes ? (int)style : classes - 1;
}

struct trace_track {
    const double *left, *right;      /* [rows]: the track's edges in mask columns, per mask row */
    const enum curve_style *style;   /* [n]: the curves asked for, in the user's order */
    const bool *guessed;             /* [n]: whether nobody said so; NULL if all are said */
    size_t n;
    trace_shade shade;               /* NULL if not to be had; else asked for rows in ascending order: for all if two
                                      * curves are of one style, then for some, where curves swing fast, and then for
                                      * those in which they are corrected */
    trace_tint tint;                 /* NULL if the scan has no colours; else, if two curves are of one style,
                                      * asked for each row once its shades are read */
    void *shade_ctx;                 /* of both */
    trace_corrector corrector;       /* NULL if there is none; needs shade */
    void *corrector_ctx;
    struct pool *pool;               /* NULL: the calling thread alone */
};

/* Traces every curve of the track.  out: [n], zeroed by the caller; on success each holds arrays of
 * mask_rows() that the caller frees with trace_clear; on failure nothing is held.  Curves of the same
 * style are traced jointly, and come out ordered from left to right by their mean position. */
enum err_code trace_track(const struct mask *mask, const struct trace_track *track, struct trace *out,
                          const struct job *job, struct err *e);

void trace_clear(struct trace *trace);

#endif

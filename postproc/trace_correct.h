/* The learned correction of traced curves.
 *
 * Where a curve swings, tracing cuts its peaks: the mask's line is thicker than the pen's, and of peaks in the gaps of
 * dashes there is no ink at all.  A small network that was trained on such places (nn/corrector.h) sees the mask and the
 * scan's ink around a position and says how far that is off. */
#ifndef POSTPROC_TRACE_CORRECT_H
#define POSTPROC_TRACE_CORRECT_H

#include "base/err.h"
#include "base/job.h"
#include "postproc/mask.h"
#include "postproc/trace.h"

/* What the corrector is given of a position, in this order: three planes of [CORRECT_ROWS, CORRECT_BINS], 0..1, centred on
 * the pixel of the position, a bin being the mean of three columns, two columns from the next: the mask of the curve's
 * class (q / 255), the highest of the other classes' masks, the scan's ink.  Then how many tens of columns off that pixel
 * the curve is in the CORRECT_PATH rows, at most CORRECT_FAR of them, and 1 for its class of solid, dashed, dotted. */
enum {
    CORRECT_ROWS = 17,
    CORRECT_BINS = 25,
    CORRECT_PLANES = 3,
    CORRECT_PATH = 25,
    CORRECT_FAR = 6,
    CORRECT_CLASSES = 3,
    CORRECT_INPUTS = CORRECT_PLANES * CORRECT_ROWS * CORRECT_BINS + CORRECT_PATH + CORRECT_CLASSES
};

/* Moves out[track->n] of the mask's rows to where the track's corrector says, in rows around which they are not about
 * straight, the only ones in which there is something to gain; nulls stay.  Nothing without corrector or shade.  Asks for shades of rows in ascending order. */
enum err_code trace_correct(const struct mask *mask, const struct trace_track *track, struct trace *out,
                            const struct job *job, struct err *e);

#endif

/* How the network looks at a window of a track: once where one curve is asked for, more often where several have to be
 * told apart. */
#ifndef SERVER_TRACK_LOOK_H
#define SERVER_TRACK_LOOK_H

#include <stdbool.h>

#include "nn/curvenet.h"
#include "server/track_run.h"

/* Rows y0.. of the input as the network sees them, moved by the run's shift: ink: [rows, stride], from the first column
 * that is seen of the track. */
struct track_window {
    const uint8_t *ink;
    size_t stride;
    int y0, rows;
};

/* Gives the run's blend what the network sees.  once: a single look in any case.  Else a track of several curves is seen a
 * second time, mirrored (nn/mirror.h), and, where dashed or dotted ones come near solid ones, a third time without these:
 * they are traced by the first two looks and taken out.  The mean of the third look's probabilities for dashed and dotted
 * curves and of those of the first two together counts, but elsewhere than on what was taken out only if it is more. */
enum err_code track_look(const struct track_run *run, const struct track_window *window, const struct curvenet *net,
                         struct pool *pool, bool once, const struct job *job, struct err *e);

#endif

/* Linked into a server in place of finish_confidence (the linker's --wrap): adds to the file FEATURES_OUT, line by
 * line in the order in which tracing ends, the number of rows and of features (int32) and the features (float,
 * [rows, features]; NaN in rows without a position). */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "postproc/trace_confidence.h"
#include "postproc/trace_finish.h"

enum err_code __real_finish_confidence(const struct line *lines, size_t n, size_t at,
                                       const struct trace_track *track, float *confidence, struct err *e);
enum err_code __wrap_finish_confidence(const struct line *lines, size_t n, size_t at,
                                       const struct trace_track *track, float *confidence, struct err *e);

enum err_code __wrap_finish_confidence(const struct line *lines, size_t n, size_t at,
                                       const struct trace_track *track, float *confidence, struct err *e)
{
    const char *path = getenv("FEATURES_OUT");
    FILE *out = path ? fopen(path, "ab") : NULL;
    int32_t size[2] = {lines[at].rows, CONFIDENCE_FEATURES};
    float (*feature)[CONFIDENCE_FEATURES] = calloc((size_t)size[0], sizeof *feature);
    bool written = false;

    if (out && feature) {
        confidence_features(lines, n, at, track, feature);
        for (int y = 0; y < size[0]; y++)
            if (isnan(lines[at].x[y]))
                feature[y][0] = NAN;
        written = fwrite(size, sizeof size, 1, out) == 1 &&
                  fwrite(feature, sizeof *feature, (size_t)size[0], out) == (size_t)size[0];
    }
    written = out && fclose(out) == 0 && written;
    free(feature);
    if (!written)
        return err_set(e, ERR_INTERNAL, "FEATURES_OUT does not name a file that can be written.");
    return __real_finish_confidence(lines, n, at, track, confidence, e);
}

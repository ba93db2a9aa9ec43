/* Linked into a server in place of trace_correct (the linker's --wrap): writes what the corrector would be given to the
 * file INPUTS_OUT, anew in each request, curve by curve in the order asked for.  int32: the mask's rows, the curve's class,
 * the rows that would be corrected (n), inputs of each; then float [n, inputs]; float [rows, 3]: the curve's column (NaN
 * where null) and the track's edges; int32 [n]: those rows. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/trace_correct.h"

/* What is written of one curve. */
struct dump {
    FILE *out;
    size_t n;   /* rows so far */
};

enum err_code __real_trace_correct(const struct mask *mask, const struct trace_track *track, struct trace *out,
                                   const struct job *job, struct err *e);
enum err_code __wrap_trace_correct(const struct mask *mask, const struct trace_track *track, struct trace *out,
                                   const struct job *job, struct err *e);

static enum err_code not_written(struct err *e)
{
    return err_set(e, ERR_INTERNAL, "INPUTS_OUT does not name a file that can be written.");
}

/* Moves every position by a column, so that it shows which were asked for. */
static enum err_code write_inputs(void *ctx, const float *inputs, size_t n, float *off, struct err *e)
{
    struct dump *dump = ctx;

    for (size_t i = 0; i < n; i++)
        off[i] = 1;
    dump->n += n;
    return fwrite(inputs, sizeof *inputs * CORRECT_INPUTS, n, dump->out) == n ? ERR_OK : not_written(e);
}

static bool write_rows(FILE *out, const struct trace_track *track, const float *was, const float *is, int rows)
{
    bool written = true;

    for (int y = 0; y < rows; y++) {
        float row[3] = {was[y], (float)track->left[y], (float)track->right[y]};

        written = fwrite(row, sizeof row, 1, out) == 1 && written;
    }
    for (int32_t y = 0; y < rows; y++)
        if (is[y] - was[y] > 0.5f)
            written = fwrite(&y, sizeof y, 1, out) == 1 && written;
    return written;
}

/* Curve i, on one thread, so that its rows are asked for in order.  How many there are is written last. */
static enum err_code dump_curve(FILE *out, const struct mask *mask, const struct trace_track *track, size_t i,
                                struct trace *trace, const struct job *job, struct err *e)
{
    struct trace_track one = *track;
    struct dump dump = {.out = out};
    int32_t head[4] = {trace->rows, trace_class(track->style[i], mask_classes(mask)), 0, CORRECT_INPUTS};
    float *was = malloc((size_t)trace->rows * sizeof *was);
    long begin = ftell(out);
    enum err_code rc = was ? ERR_OK : err_memory(e, "what the corrector is given");

    one.pool = NULL;
    one.corrector = write_inputs;
    one.corrector_ctx = &dump;
    one.style += i;
    one.n = 1;
    if (rc == ERR_OK && (begin < 0 || fwrite(head, sizeof head, 1, out) != 1))
        rc = not_written(e);
    if (rc == ERR_OK) {
        memcpy(was, trace->x, (size_t)trace->rows * sizeof *was);
        rc = __real_trace_correct(mask, &one, trace, job, e);
    }
    head[2] = (int32_t)dump.n;
    if (rc == ERR_OK && !(write_rows(out, track, was, trace->x, trace->rows) && fseek(out, begin, SEEK_SET) == 0 &&
                          fwrite(head, sizeof head, 1, out) == 1 && fseek(out, 0, SEEK_END) == 0))
        rc = not_written(e);
    free(was);
    return rc;
}

enum err_code __wrap_trace_correct(const struct mask *mask, const struct trace_track *track, struct trace *out,
                                   const struct job *job, struct err *e)
{
    const char *path = getenv("INPUTS_OUT");
    FILE *file;
    enum err_code rc = ERR_OK;

    if (!track->shade)   /* curves of a window, before a third look */
        return ERR_OK;
    file = path ? fopen(path, "wb") : NULL;
    if (!file)
        return not_written(e);
    for (size_t i = 0; i < track->n && rc == ERR_OK; i++)
        rc = dump_curve(file, mask, track, i, &out[i], job, e);
    if (fclose(file) != 0 && rc == ERR_OK)
        rc = not_written(e);
    return rc;
}

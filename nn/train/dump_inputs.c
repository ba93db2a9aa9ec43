/* Linked into a server in place of trace_correct (the linker's --wrap): writes what the corrector would be given to the
 * file INPUTS_OUT, anew in each request, curve by curve in the order asked for.  int32: the mask's rows, the curve's class,
 * the rows that would be corrected (n), inputs of each; then float [rows, 3]: the curve's column (NaN where null) and the
 * track's edges; int32 [n]: those rows; float [n, inputs]. */
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

enum err_code __real_trace_correct(const struct mask *mask, const struct trace_track *track, const int *class_of,
                                   struct trace *out, const struct job *job, struct err *e);
enum err_code __wrap_trace_correct(const struct mask *mask, const struct trace_track *track, const int *class_of,
                                   struct trace *out, const struct job *job, struct err *e);

/* Moves every position by a column, so that it shows which were asked for. */
static enum err_code write_inputs(void *ctx, const float *inputs, size_t n, float *off, struct err *e)
{
    struct dump *dump = ctx;

    for (size_t i = 0; i < n; i++)
        off[i] = 1;
    dump->n += n;
    return fwrite(inputs, sizeof *inputs * CORRECT_INPUTS, n, dump->out) == n
               ? ERR_OK : err_set(e, ERR_INTERNAL, "INPUTS_OUT cannot be written.");
}

static bool write_rows(FILE *out, const struct trace_track *track, int class, const float *was, const float *is, int rows,
                       size_t n)
{
    int32_t head[4] = {rows, class, (int32_t)n, CORRECT_INPUTS};
    bool written = fwrite(head, sizeof head, 1, out) == 1;

    for (int y = 0; y < rows; y++) {
        float row[3] = {was[y], (float)track->left[y], (float)track->right[y]};

        written = fwrite(row, sizeof row, 1, out) == 1 && written;
    }
    for (int32_t y = 0; y < rows; y++)
        if (is[y] - was[y] > 0.5f)
            written = fwrite(&y, sizeof y, 1, out) == 1 && written;
    return written;
}

/* One curve: its inputs first to a file of their own, since how many there are stands before them. */
static enum err_code dump_curve(FILE *out, const struct mask *mask, const struct trace_track *track, const int *class_of,
                                struct trace *trace, const struct job *job, struct err *e)
{
    struct trace_track one = *track;
    struct dump dump = {.out = tmpfile()};
    float *was = malloc((size_t)trace->rows * sizeof *was), row[CORRECT_INPUTS];
    enum err_code rc = dump.out && was ? ERR_OK : err_memory(e, "what the corrector is given");

    one.pool = NULL;
    one.corrector = write_inputs;
    one.corrector_ctx = &dump;
    one.n = 1;
    if (rc == ERR_OK) {
        memcpy(was, trace->x, (size_t)trace->rows * sizeof *was);
        rc = __real_trace_correct(mask, &one, class_of, trace, job, e);
    }
    if (rc == ERR_OK && !write_rows(out, track, *class_of, was, trace->x, trace->rows, dump.n))
        rc = err_set(e, ERR_INTERNAL, "INPUTS_OUT cannot be written.");
    if (rc == ERR_OK)
        rewind(dump.out);
    for (size_t i = 0; i < dump.n && rc == ERR_OK; i++)
        if (fread(row, sizeof row, 1, dump.out) != 1 || fwrite(row, sizeof row, 1, out) != 1)
            rc = err_set(e, ERR_INTERNAL, "INPUTS_OUT cannot be written.");
    if (dump.out)
        fclose(dump.out);
    free(was);
    return rc;
}

enum err_code __wrap_trace_correct(const struct mask *mask, const struct trace_track *track, const int *class_of,
                                   struct trace *out, const struct job *job, struct err *e)
{
    const char *path = getenv("INPUTS_OUT");
    FILE *file;
    enum err_code rc = ERR_OK;

    if (!track->shade)   /* curves of a window, before a third look */
        return ERR_OK;
    file = path ? fopen(path, "wb") : NULL;
    if (!file)
        return err_set(e, ERR_INTERNAL, "INPUTS_OUT does not name a file that can be written.");
    for (size_t i = 0; i < track->n && rc == ERR_OK; i++)
        rc = dump_curve(file, mask, track, class_of + i, &out[i], job, e);
    if (fclose(file) != 0 && rc == ERR_OK)
        rc = err_set(e, ERR_INTERNAL, "INPUTS_OUT cannot be written.");
    return rc;
}

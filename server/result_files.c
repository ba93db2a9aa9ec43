#include "server/result_files.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/csv.h"
#include "postproc/overlay.h"
#include "server/layout_json.h"
#include "server/version.h"

/* A picture larger than this is of no use in a browser and slow to write: it is averaged down. */
enum { OVERLAY_MAX_PIXELS = 24000000, OVERLAY_MAX_ROWS = 32000 };

/* Rows at which a track's edges are told: paper runs askew slowly. */
enum { EDGES_MAX = 2000 };

static enum err_code open_file(FILE **out, const char *dir, const char *name, struct err *e)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return err_set(e, ERR_INTERNAL, "The result folder's name is too long.");
    *out = fopen(path, "wbe");
    if (!*out)
        return err_set(e, err_no_room(errno) ? ERR_DISK_FULL : ERR_STORE, "%s cannot be written: %s.", name, strerror(errno));
    return ERR_OK;
}

/* Closes the file; what the disk refused only at the end is an error of its own. */
static enum err_code close_file(FILE *file, const char *name, enum err_code rc, struct err *e)
{
    int failed = ferror(file);
    if ((fclose(file) != 0 || failed) && rc == ERR_OK)
        return err_set(e, err_no_room(errno) ? ERR_DISK_FULL : ERR_STORE, "%s could not be written whole: %s.", name,
                       strerror(errno));
    return rc;
}

enum err_code result_write_tables(const struct pipeline_env *env, const struct pipeline_request *request,
                                  const struct table *table, struct pipeline_result *result, struct err *e)
{
    FILE *file;
    enum err_code rc = open_file(&file, env->out_dir, "curves.csv", e);
    if (rc != ERR_OK)
        return rc;
    rc = close_file(file, "curves.csv", csv_write(file, table, request->confidence_columns, e), e);
    if (rc != ERR_OK || !table->has_depth || !request->want_las)
        return rc;

    char *layout_json = layout_json_write(&request->layout);
    if (!layout_json)
        return err_memory(e, "the layout");
    const struct curvenet_info *net = curvenet_info(env->net);
    struct las_origin origin = {.model = net->name, .model_sha256 = net->sha256, .scan_name = request->scan_name,
                                .software = SERVER_SOFTWARE, .layout = &request->layout, .layout_json = layout_json};
    rc = open_file(&file, env->out_dir, "curves.las", e);
    if (rc == ERR_OK)
        rc = close_file(file, "curves.las", las_write(file, table, &request->header, &origin, e), e);
    result->wrote_las = rc == ERR_OK;
    free(layout_json);
    return rc;
}

static int picture_reduce(int columns, int rows)
{
    int reduce = 1;
    while ((double)columns * rows / ((double)reduce * reduce) > OVERLAY_MAX_PIXELS || rows / reduce > OVERLAY_MAX_ROWS)
        reduce++;
    return reduce;
}

static enum err_code draw_overlay(struct overlay *overlay, struct normalise *input, const struct job *job, struct err *e)
{
    int columns = normalise_columns(input), rows = normalise_rows(input);
    uint8_t *ink = malloc((size_t)columns);
    if (!ink)
        return err_memory(e, "the overlay");
    enum err_code rc = normalise_rewind(input, e);
    for (int y = 0; rc == ERR_OK && y < rows; y++) {
        rc = normalise_next(input, ink, e);
        if (rc == ERR_OK)
            rc = overlay_push(overlay, ink, e);
        if (rc == ERR_OK && y % 1024 == 0)
            rc = job_check(job, e);
    }
    free(ink);
    return rc;
}

enum err_code result_write_overlay(const char *dir, struct normalise *input, const struct track_run *runs, size_t n,
                                   const struct job *job, struct err *e)
{
    int columns = normalise_columns(input), rows = normalise_rows(input);
    struct overlay *overlay = NULL;
    FILE *file = NULL;
    struct overlay_track *tracks = calloc(n, sizeof *tracks);
    if (!tracks)
        return err_memory(e, "the overlay");
    for (size_t i = 0; i < n; i++)
        tracks[i] = (struct overlay_track){.x = runs[i].c0, .traces = runs[i].traces, .n = runs[i].track->n_curves};

    enum err_code rc = open_file(&file, dir, "overlay.png", e);
    if (rc != ERR_OK)
        goto out;
    rc = overlay_begin(&overlay, file, columns, rows, picture_reduce(columns, rows), tracks, n, e);
    if (rc == ERR_OK)
        rc = draw_overlay(overlay, input, job, e);
    if (rc == ERR_OK) {
        rc = overlay_end(overlay, e);
        overlay = NULL;
    }
    overlay_free(overlay);
    rc = close_file(file, "overlay.png", rc, e);
out:
    free(tracks);
    return rc;
}

/* Where mask row j's centre and mask column c lie on the scan. */
static double scan_row(const struct track_run *run, int j)
{
    return run->geometry.y_origin + (j + 0.5) / run->geometry.y_scale;
}

static double scan_column(const struct track_run *run, double c)
{
    return run->geometry.x_origin + (c + 0.5) / run->geometry.x_scale - 0.5;
}

static void print_edges(FILE *file, const struct track_run *run)
{
    int every = (run->rows - 1) / EDGES_MAX + 1, last = run->rows - 1, next;
    fputs("{\"edges\":[", file);
    for (int j = 0; j <= last; j = next) {
        next = j < last && j + every > last ? last : j + every;
        fprintf(file, "%s[%.1f,%.2f,%.2f]", j ? "," : "", scan_row(run, j), scan_column(run, run->left[j]),
                scan_column(run, run->right[j]));
    }
    fputs("]}", file);
}

enum err_code result_write_edges(const char *dir, const struct track_run *runs, size_t n, struct err *e)
{
    FILE *file;
    enum err_code rc = open_file(&file, dir, "edges.json", e);
    if (rc != ERR_OK)
        return rc;
    fputs("{\"tracks\":[", file);
    for (size_t i = 0; i < n; i++) {
        fputs(i ? ",\n" : "", file);
        print_edges(file, &runs[i]);
    }
    fputs("]}\n", file);
    return close_file(file, "edges.json", rc, e);
}

enum err_code result_write_masks(const char *dir, const struct track_run *runs, size_t n, struct err *e)
{
    enum err_code rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        char name[32];
        FILE *file;
        if (i == 0)
            snprintf(name, sizeof name, "mask.png");
        else
            snprintf(name, sizeof name, "mask_%zu.png", i + 1);
        rc = open_file(&file, dir, name, e);
        if (rc != ERR_OK)
            break;
        const struct mask *mask = runs[i].mask;
        rc = overlay_write_mask(file, mask, picture_reduce(mask_columns(mask), mask_rows(mask)), e);
        rc = close_file(file, name, rc, e);
    }
    return rc;
}

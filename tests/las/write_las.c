/* Writes the LAS and the CSV of a made-up scan, so that other readers can be tried on them.
 *
 *   write_las OUT.las OUT.csv ROWS COLUMNS NAME=VALUE...
 *
 * The fields are those of POST /digitize.  Curve k of a track lies at the fraction 0.5 + 0.6 sin(0.013 (k + 1) row)
 * of the track's width at each row's centre, wrapped where it leaves the track, and is null on rows with
 * row % 97 < 5.  Prints the fields as the server read them: the layout as JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/csv.h"
#include "postproc/las.h"
#include "server/fields.h"
#include "server/layout_json.h"
#include "server/request_defaults.h"

struct made_up {
    double *left, *right;        /* [rows] */
    struct trace *traces;        /* [n_curves] */
};

static void *take(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (!p)
        exit(3);
    return p;
}

static void draw(struct trace *t, int rows, size_t k, double x0, double x1)
{
    *t = (struct trace){ take((size_t)rows, sizeof *t->x), take((size_t)rows, sizeof *t->confidence),
                         take((size_t)rows, sizeof *t->wrap), rows, STYLE_SOLID };
    for (int row = 0; row < rows; row++) {
        double f = 0.5 + 0.6 * sin(0.013 * (double)(k + 1) * row);
        t->wrap[row] = (int)floor(f);
        t->x[row] = row % 97 < 5 ? NAN : (float)(x0 + (f - floor(f)) * (x1 - x0));
        t->confidence[row] = 0.8f;
    }
}

static void make(struct made_up *m, struct table_track *out, const struct layout_track *track, int rows)
{
    m->left = take((size_t)rows, sizeof *m->left);
    m->right = take((size_t)rows, sizeof *m->right);
    m->traces = take(track->n_curves, sizeof *m->traces);
    for (int row = 0; row < rows; row++) {
        m->left[row] = track->x0;
        m->right[row] = track->x1;
    }
    for (size_t k = 0; k < track->n_curves; k++)
        draw(&m->traces[k], rows, k, track->x0, track->x1);
    *out = (struct table_track){ track, { 0, 0, 1, 1 }, m->left, m->right, m->traces };
}

static void unmake(struct made_up *m, size_t n_curves)
{
    for (size_t k = 0; k < n_curves; k++) {
        free(m->traces[k].x);
        free(m->traces[k].confidence);
        free(m->traces[k].wrap);
    }
    free(m->traces);
    free(m->left);
    free(m->right);
}

static enum err_code write_files(char **argv, const struct pipeline_request *q, const struct table *table, struct err *e)
{
    FILE *las = fopen(argv[1], "wb"), *csv = fopen(argv[2], "wb");
    char *json = layout_json_write(&q->layout);
    if (!las || !csv || !json)
        exit(3);
    struct las_origin origin = { .model = "curvenet", .model_sha256 = "00ff", .scan_name = "made-up.tif", .software = "write_las",
                                 .layout = &q->layout, .layout_json = json };
    enum err_code code = las_write(las, table, &q->header, &origin, e);
    if (code == ERR_OK)
        code = csv_write(csv, table, q->confidence_columns, e);
    puts(json);
    free(json);
    fclose(las);
    fclose(csv);
    return code;
}

static enum err_code run(char **argv, struct pipeline_request *q, struct err *e)
{
    struct scan_info scan = { .height = atoi(argv[3]), .width = atoi(argv[4]) };
    struct layout *l = &q->layout;
    struct table table = { 0 };
    enum err_code code = request_complete(q, &scan, e);
    if (code != ERR_OK)
        return code;
    struct made_up *m = take(l->n_tracks, sizeof *m);
    struct table_track *tracks = take(l->n_tracks, sizeof *tracks);
    for (size_t i = 0; i < l->n_tracks; i++)
        make(&m[i], &tracks[i], &l->tracks[i], scan.height);
    code = table_build(&table, l, tracks, l->n_tracks, q->step, e);
    if (code == ERR_OK)
        code = write_files(argv, q, &table, e);
    table_clear(&table);
    for (size_t i = 0; i < l->n_tracks; i++)
        unmake(&m[i], l->tracks[i].n_curves);
    free(tracks);
    free(m);
    return code;
}

int main(int argc, char **argv)
{
    struct digitize_options options;
    struct err e = { 0 };
    if (argc < 5)
        return 2;
    struct field *fields = take((size_t)argc, sizeof *fields);
    for (int i = 5; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (!equals)
            return 2;
        *equals = '\0';
        fields[i - 5] = (struct field){ argv[i], equals + 1 };
    }
    enum err_code code = fields_parse(fields, (size_t)argc - 5, &options, &e);
    if (code == ERR_OK)
        code = run(argv, &options.request, &e);
    fields_clear(&options);
    free(fields);
    if (code != ERR_OK)
        fprintf(stderr, "%s: %s\n", e.field, e.text);
    return code == ERR_OK ? 0 : 1;
}

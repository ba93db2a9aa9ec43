#include "server/track_look.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "nn/mirror.h"
#include "postproc/erase.h"

/* A window that is looked at more than once. */
struct looks {
    const struct track_run *run;
    const struct track_window *window;
    const struct curvenet *net;
    struct pool *pool;
    int classes, rows, columns;
    float *logits;            /* [classes, rows, columns]: by the looks so far */
    uint8_t *ink;             /* [rows, columns]: without the solid curves */
    uint8_t *kept;            /* [rows, columns]: 0 where they were taken out, else all bits */
    uint8_t *near;            /* [rows]: whether a dashed or dotted curve is near one of them */
    double *left, *right;     /* [rows]: the track's edges, in the window's columns */
    enum curve_style *style;  /* [curves] */
    struct trace *traces;     /* [curves]: in the window's columns */
    int first;                /* row of the part that is looked at now */
};

static size_t n_curves(const struct track_run *run)
{
    return run->track->n_curves;
}

/* Whether the track has solid curves beside others. */
static bool is_mixed(const struct looks *l)
{
    bool solid = false, broken = false;
    for (size_t i = 0; i < n_curves(l->run); i++) {
        solid |= l->style[i] == STYLE_SOLID;
        broken |= l->style[i] != STYLE_SOLID;
    }
    return solid && broken;
}

static float *row_of(const struct looks *l, int class, int y)
{
    return l->logits + ((size_t)class * (size_t)l->rows + (size_t)y) * (size_t)l->columns;
}

/* Of all classes but the solid one, of which the look had nothing left.  Where ink was taken out there may have been
 * another curve's too, and a curve may have been seen in what was the solid one's; elsewhere what was seen stays. */
static enum err_code keep_mean(void *ctx, int y, int rows, const float *logits, size_t class_stride, size_t row_stride,
                               struct err *e)
{
    const struct looks *l = ctx;
    (void)e;
    for (int c = STYLE_SOLID + 1; c < l->classes; c++)
        for (int r = 0; r < rows; r++) {
            const float *from = logits + (size_t)c * class_stride + (size_t)r * row_stride;
            const uint8_t *kept = l->kept + (size_t)(l->first + y + r) * (size_t)l->columns;
            float *to = row_of(l, c, l->first + y + r);
            for (int x = 0; x < l->columns; x++)
                if (!kept[x] || from[x] > to[x])
                    to[x] = curvenet_mean_look(to[x], from[x]);
        }
    return ERR_OK;
}

/* Traces the window's curves by what has been seen so far. */
static enum err_code find_curves(const struct looks *l, const struct job *job, struct err *e)
{
    size_t plane = (size_t)l->rows * (size_t)l->columns;
    struct trace_track track = { .left = l->left, .right = l->right, .style = l->style, .n = n_curves(l->run),
                                 .pool = l->pool };
    struct mask_logits all = { l->logits, plane, (size_t)l->columns, l->columns, 0, NULL };
    struct mask *mask = NULL;
    enum err_code code = mask_create(&mask, l->classes, l->rows, l->columns, e);
    if (!code)
        code = mask_put(mask, 0, l->rows, &all, e);
    if (!code)
        code = trace_track(mask, &track, l->traces, job, e);
    mask_free(mask);
    return code;
}

static void take_out_solid(const struct looks *l)
{
    enum { RIM = 2, BAR = 8 };   /* columns more than is dark; a thicker one hides what lies on it in any case */
    const struct erase_ink ink = { l->ink, l->rows, l->columns }, kept = { l->kept, l->rows, l->columns };
    size_t columns = (size_t)l->columns, pixels = (size_t)l->rows * columns;
    for (int y = 0; y < l->rows; y++)
        memcpy(l->ink + (size_t)y * columns, l->window->ink + (size_t)y * l->window->stride, columns);
    memset(l->kept, ~0, pixels);
    for (size_t i = 0; i < n_curves(l->run); i++) {
        float thickness = l->style[i] == STYLE_SOLID ? erase_thickness(&ink, l->traces[i].x) : 0;
        if (thickness > 0 && thickness <= BAR)
            erase_stroke(&kept, l->traces[i].x, thickness + RIM);
    }
    for (size_t i = 0; i < pixels; i++)
        l->ink[i] &= l->kept[i];
}

static bool is_seen(const struct looks *l, size_t i)
{
    for (int y = 0; y < l->rows; y++)
        if (!isnan(l->traces[i].x[y]))
            return true;
    return false;
}

/* Whether in row y curve i, which may be lost there, may lie on a solid one. */
static bool is_near(const struct looks *l, size_t i, int y)
{
    enum { NEAR = 24 };   /* columns */
    for (size_t k = 0; k < n_curves(l->run); k++)
        if (l->style[k] == STYLE_SOLID && !isnan(l->traces[k].x[y]) &&
            !(fabsf(l->traces[k].x[y] - l->traces[i].x[y]) > NEAR))
            return true;
    return false;
}

/* A curve of which nothing was seen in the window is not looked for again: it is rather not there. */
static void find_near(const struct looks *l)
{
    for (size_t i = 0; i < n_curves(l->run); i++) {
        if (l->style[i] == STYLE_SOLID || !is_seen(l, i))
            continue;
        for (int y = 0; y < l->rows; y++)
            l->near[y] |= is_near(l, i, y);
    }
}

/* The next part of the window to look at, from row `from` on: rows *first..*end-1, near ones and what is around them.
 * False if there is none. */
static bool next_part(const struct looks *l, int from, int *first, int *end)
{
    enum { AROUND = 96, STEP = 32 };   /* rows; the network's strides */
    int y = from, last;
    while (y < l->rows && !l->near[y])
        y++;
    if (y == l->rows)
        return false;
    *first = y < AROUND ? 0 : (y - AROUND) / STEP * STEP;
    for (last = y; y < l->rows && y - last <= 2 * (AROUND + STEP); y++)
        last = l->near[y] ? y : last;
    *end = ((last + AROUND) / STEP + 1) * STEP;
    if (*end > l->rows)
        *end = l->rows;
    return true;
}

/* Looks at the parts where curves are near without the solid ones. */
static enum err_code look_without(struct looks *l, const struct job *job, struct err *e)
{
    size_t columns = (size_t)l->columns;
    enum err_code code = find_curves(l, job, e);
    if (code)
        return code;
    find_near(l);
    if (!memchr(l->near, true, (size_t)l->rows))
        return ERR_OK;
    take_out_solid(l);
    for (int end = 0; !code && next_part(l, end, &l->first, &end);) {
        struct job part = { .whole = job, .begin = (double)l->first / l->rows, .end = (double)end / l->rows };
        code = curvenet_forward(l->net, l->pool, l->ink + (size_t)l->first * columns, columns, end - l->first, l->columns,
                                keep_mean, l, &part, e);
    }
    return code;
}

/* The track's edges in the window's columns: where the rows were moved to, or as they are given. */
static void window_edges(const struct looks *l)
{
    for (int y = 0; y < l->rows; y++) {
        track_run_edges(l->run, l->window->y0 + y, &l->left[y], &l->right[y]);
        l->left[y] -= l->run->seen_x0;
        l->right[y] -= l->run->seen_x0;
    }
}

static enum err_code open_looks(struct looks *l, struct err *e)
{
    size_t rows = (size_t)l->rows, n = n_curves(l->run), pixels, floats, bytes;
    bool fits = size_mul(rows, (size_t)l->columns, &pixels) && size_mul(pixels, (size_t)l->classes, &floats) &&
                size_mul(floats, sizeof *l->logits, &bytes);
    l->logits = fits ? malloc(bytes) : NULL;
    l->ink = fits ? malloc(pixels) : NULL;
    l->kept = fits ? malloc(pixels) : NULL;
    l->near = calloc(rows, 1);
    l->left = calloc(rows, sizeof *l->left);
    l->right = calloc(rows, sizeof *l->right);
    l->style = calloc(n, sizeof *l->style);
    l->traces = calloc(n, sizeof *l->traces);
    if (!l->logits || !l->ink || !l->kept || !l->near || !l->left || !l->right || !l->style || !l->traces)
        return err_memory(e, "looking at a window again");
    for (size_t i = 0; i < n; i++)
        l->style[i] = track_run_style(l->run, i, l->classes);
    window_edges(l);
    return ERR_OK;
}

static void close_looks(struct looks *l)
{
    for (size_t i = 0; l->traces && i < n_curves(l->run); i++)
        trace_clear(&l->traces[i]);
    free(l->traces);
    free(l->style);
    free(l->right);
    free(l->left);
    free(l->near);
    free(l->kept);
    free(l->ink);
    free(l->logits);
}

/* Two looks, and a third one if the track is mixed. */
static enum err_code look_again(struct looks *l, const struct job *job, struct err *e)
{
    bool mixed = is_mixed(l);
    struct job two = { .whole = job, .begin = 0, .end = mixed ? 2.0 / 3 : 1 }, third = { .whole = job, .begin = two.end, .end = 1 };
    enum err_code code = curvenet_forward_mirrored(l->net, l->pool, l->window->ink, l->window->stride, l->rows, l->columns,
                                                   l->logits, &two, e);
    return code || !mixed ? code : look_without(l, &third, e);
}

enum err_code track_look(const struct track_run *run, const struct track_window *window, const struct curvenet *net,
                         struct pool *pool, bool once, const struct job *job, struct err *e)
{
    struct looks l = { .run = run, .window = window, .net = net, .pool = pool, .classes = curvenet_info(net)->classes,
                       .rows = window->rows, .columns = run->seen_columns };
    size_t columns = (size_t)l.columns, plane = (size_t)l.rows * columns;
    if (once || n_curves(run) < 2)
        return curvenet_forward(net, pool, window->ink, window->stride, l.rows, l.columns, window_blend_sink, run->blend,
                                job, e);
    enum err_code code = open_looks(&l, e);
    if (!code)
        code = look_again(&l, job, e);
    if (!code)
        code = window_blend_sink(run->blend, 0, l.rows, l.logits, plane, columns, e);
    close_looks(&l);
    return code;
}

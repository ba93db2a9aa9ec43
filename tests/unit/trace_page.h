/* Masks drawn by hand, and what is traced in them. */
#ifndef TESTS_UNIT_TRACE_PAGE_H
#define TESTS_UNIT_TRACE_PAGE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "postproc/trace.h"

enum { COLUMNS = 300, LEFT = 20, RIGHT = 280, WIDTH = RIGHT - LEFT };

/* A page of masks being drawn. */
struct page {
    int classes, rows;
    float *logits;   /* [classes, rows, COLUMNS] */
    double *left, *right;
    struct pool *pool;   /* that traces it; NULL: none */
    const bool *guessed; /* of its curves, whether their styles are; NULL: none */
};

static inline struct page page_of(int classes, int rows)
{
    struct page p = {classes, rows, malloc(sizeof(float) * (size_t)(classes * rows * COLUMNS)),
                     malloc(sizeof(double) * (size_t)rows), malloc(sizeof(double) * (size_t)rows), NULL, NULL};

    assert_true(p.logits && p.left && p.right);
    for (int i = 0; i < classes * rows * COLUMNS; i++)
        p.logits[i] = -9;
    for (int y = 0; y < rows; y++) {
        p.left[y] = LEFT;
        p.right[y] = RIGHT;
    }
    return p;
}

static inline void page_free(struct page *p)
{
    free(p->logits);
    free(p->left);
    free(p->right);
}

/* Inks a straight stroke 3 columns wide, as the network's masks are; `strength` is the logit inside. */
static inline void stroke(struct page *p, int k, double x0, double y0, double x1, double y1, double strength)
{
    double dx = x1 - x0, dy = y1 - y0, length2 = dx * dx + dy * dy;

    for (int y = (int)fmax(0, fmin(y0, y1) - 4); y <= fmin(p->rows - 1, fmax(y0, y1) + 4); y++)
        for (int x = (int)fmax(0, fmin(x0, x1) - 4); x <= fmin(COLUMNS - 1, fmax(x0, x1) + 4); x++) {
            double t = length2 > 0 ? fmax(0, fmin(1, ((x - x0) * dx + (y - y0) * dy) / length2)) : 0;
            double d = hypot(x - x0 - t * dx, y - y0 - t * dy);
            float logit = (float)fmax(-9, fmin(strength, 6 * (1.6 - d)));
            float *at = &p->logits[(k * p->rows + y) * COLUMNS + x];

            if (logit > *at)
                *at = logit;
        }
}

/* Inks x[y] for rows first..last. */
static inline void curve(struct page *p, int k, const double *x, int first, int last)
{
    for (int y = first; y < last; y++)
        stroke(p, k, x[y], y, x[y + 1], y + 1, 4);
}

/* The page's masks, the caller's. */
static inline struct mask *mask_of(const struct page *p)
{
    struct err e = {0};
    struct mask *mask;
    size_t plane = (size_t)p->rows * COLUMNS;

    assert_int_equal(mask_create(&mask, p->classes, p->rows, COLUMNS, &e), ERR_OK);
    assert_int_equal(mask_put(mask, 0, p->rows, &(struct mask_logits){p->logits, plane, COLUMNS, COLUMNS, 0, NULL}, &e),
                     ERR_OK);
    return mask;
}

/* Traces the page's masks and, if shade and tint are given, the scan that they give. */
static inline enum err_code trace_scan(const struct page *p, const enum curve_style *style, size_t n, trace_shade shade,
                                       trace_tint tint, void *shade_ctx, struct trace *out, struct err *e)
{
    struct mask *mask = mask_of(p);
    struct trace_track track = {.left = p->left, .right = p->right, .style = style, .guessed = p->guessed, .n = n,
                                .shade = shade, .tint = tint, .shade_ctx = shade_ctx, .pool = p->pool};
    enum err_code rc;

    memset(out, 0, n * sizeof *out);
    rc = trace_track(mask, &track, out, NULL, e);
    mask_free(mask);
    return rc;
}

static inline void trace(const struct page *p, const enum curve_style *style, size_t n, struct trace *out)
{
    struct err e = {0};

    assert_int_equal(trace_scan(p, style, n, NULL, NULL, NULL, out, &e), ERR_OK);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(out[i].rows, p->rows);
}

/* Share of rows first..last that lie within `by` columns of x. */
static inline double share_near(const struct trace *t, const double *x, int first, int last, double by)
{
    int n = 0;

    for (int y = first; y <= last; y++)
        n += fabs(t->x[y] - x[y]) <= by;
    return (double)n / (last - first + 1);
}

static inline int count_null(const struct trace *t)
{
    int n = 0;

    for (int y = 0; y < t->rows; y++)
        n += isnan(t->x[y]);
    return n;
}

#endif

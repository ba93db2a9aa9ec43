/* What must hold of a layout's parts, whichever way they were given.  `field` is the name under which the
 * user gave the part, for the error. */
#ifndef SERVER_LAYOUT_CHECK_H
#define SERVER_LAYOUT_CHECK_H

#include "postproc/layout.h"
#include "base/err.h"

enum { LAYOUT_MAX_LINES = 5000, LAYOUT_MAX_EDGES = 5000, LAYOUT_MAX_TRACKS = 32, LAYOUT_MAX_CURVES = 64 };

/* Pixels beyond this are on no scan. */
#define LAYOUT_MAX_PIXEL 1e7
/* Depths beyond this are in no well. */
#define LAYOUT_MAX_DEPTH 1e6

/* Copies the name: 1 to 31 of the characters that LAS (no space, dot or colon), CSV and file readers all
 * take: ASCII letters, digits and _-+/%*()[]&@$!, beginning with a letter, a digit, '_' or '%'.  DEPT, DEPTH
 * and ROW are the index's. */
enum err_code layout_check_mnemonic(const char *name, char out[32], const char *field, struct err *e);

/* Copies the unit: 0 to 31 bytes of UTF-8 with no space, colon or control character, and no dot at its
 * beginning. */
enum err_code layout_check_unit(const char *unit, char out[32], const char *field, struct err *e);

/* left and right finite and different; both over 0 on a logarithmic scale. */
enum err_code layout_check_scale(const struct layout_curve *curve, const char *field, struct err *e);

/* No name twice among `n` curves and `name`, whatever the case: LAS readers fold it. */
enum err_code layout_check_unique(const struct layout_curve *curves, size_t n, const char *name, const char *field,
                                  struct err *e);

/* A pixel row of the scan, not above its upper edge, as a place on the y axis (row centre). */
enum err_code layout_check_row(double row, double *y, const char *field, struct err *e);

/* Sorts by row; two or more rows, none twice, depths rising all the way down (or falling all the way). */
enum err_code layout_check_lines(struct depth_line *lines, size_t n, const char *field, struct err *e);

/* x0 < x1, both on some scan. */
enum err_code layout_check_columns(double x0, double x1, const char *field, struct err *e);

/* Sorts by row; none twice. */
enum err_code layout_check_edges(struct layout_edge *edges, size_t n, const char *field, struct err *e);

/* The widest span of the edges, for a track given by them alone. */
void layout_span_edges(const struct layout_edge *edges, size_t n, double *x0, double *x1);

#endif

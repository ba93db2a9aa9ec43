/* Decimal numbers as text, the same in every locale: a point, no exponent, no sign on zero. */
#ifndef POSTPROC_NUMBER_H
#define POSTPROC_NUMBER_H

#include <stdint.h>

#include "postproc/layout.h"

enum { NUMBER_MAX = 400, NUMBER_MAX_DECIMALS = 15 };   /* a double of 1e308 with decimals fits */

/* How many decimals a curve's values need: the last digit is worth at most 1/10,000 of the track's width.
 * On a logarithmic scale that is a number of significant digits. */
struct number_format { int decimals; int significant; /* 0: fixed decimals */ };

struct number_format number_format_of(const struct layout_curve *curve);

/* Writes scaled / 10^decimals exactly, 0 <= decimals <= NUMBER_MAX_DECIMALS; returns the length. */
int number_write_scaled(char out[NUMBER_MAX], int64_t scaled, int decimals);

/* Writes a finite value; returns the length. */
int number_write(char out[NUMBER_MAX], double value, struct number_format format);

/* Writes a finite value with the fewest digits that read back as the same double ("%g" style); returns the length. */
int number_write_shortest(char out[NUMBER_MAX], double value);

/* The least number of decimals, 0..max, that write `value` exactly as the nearest double; -1 if none. */
int number_decimals(double value, int max);

/* 10^n, 0 <= n <= NUMBER_MAX_DECIMALS. */
int64_t number_power10(int n);

#endif

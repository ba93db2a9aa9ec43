/* Order statistics. */
#ifndef BASE_SORT_H
#define BASE_SORT_H

#include <stddef.h>

/* Sorts of: [n], ascending; NaNs must not be among them. */
void sort_floats(float *of, size_t n);

/* The middle one of of: [n], n >= 1, the upper one of two; sorts them. */
float sort_median(float *of, size_t n);

#endif

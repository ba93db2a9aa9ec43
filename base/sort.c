#include "base/sort.h"

#include <stdlib.h>

static int compare(const void *p, const void *q)
{
    float a = *(const float *)p, b = *(const float *)q;

    return (a > b) - (a < b);
}

void sort_floats(float *of, size_t n)
{
    qsort(of, n, sizeof *of, compare);
}

float sort_median(float *of, size_t n)
{
    sort_floats(of, n);
    return of[n / 2];
}

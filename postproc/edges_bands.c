#include "postproc/edges_bands.h"

#include <math.h>

void bands_response(const int *ink, int rows, int columns, int *sums, int8_t *line)
{
    enum { REACH = 8 };
    const float half = 12;   /* ink above the neighbourhood's mean at which the response is 1/2 */

    sums[0] = 0;
    for (int x = 0; x < columns; x++)
        sums[x + 1] = sums[x] + ink[x];
    for (int x = 0; x < columns; x++) {
        int lo = x < REACH ? 0 : x - REACH, hi = x + REACH >= columns ? columns : x + REACH + 1;
        float v = ((float)ink[x] - (float)(sums[hi] - sums[lo]) / (float)(hi - lo)) / (float)rows;

        line[x] = (int8_t)lrintf(BAND_FULL * v / (fabsf(v) + half));
    }
}

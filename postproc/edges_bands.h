/* Bands of a few rows: how much each column stands out in them as a vertical line. */
#ifndef POSTPROC_EDGES_BANDS_H
#define POSTPROC_EDGES_BANDS_H

#include <stdint.h>

enum { BAND_ROWS = 16, BAND_FULL = 127 };

struct bands {
    int n, columns;
    int8_t *line;   /* [n, columns]: line response, BAND_FULL for a line far darker than its surroundings */
};

/* Fills line: [columns] from the summed ink: [columns] (0..255 a row) of `rows` rows.  The response
 * saturates early, so that a dark curve does not outweigh a faint grid line.  sums: [columns + 1], scratch. */
void bands_response(const int *ink, int rows, int columns, int *sums, int8_t *line);

#endif

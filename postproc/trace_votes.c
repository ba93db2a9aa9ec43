#include "postproc/trace_votes.h"

void votes_add(const float *votes, int rows, float per_row, float *gain)
{
    float held = 0, most = 0;

    for (int y = 0; y < rows; y++) {
        held -= gain[y] * votes[y];
        most += votes[y];
    }
    if ((held != 0 ? held : most) > 0)
        per_row = -per_row;
    for (int y = 0; y < rows; y++)
        gain[y] += per_row * votes[y];
}

/* Traits that tell two lines drawn alike apart vote, row by row, on which is which. */
#ifndef POSTPROC_TRACE_VOTES_H
#define POSTPROC_TRACE_VOTES_H

/* Adds one trait's votes: [rows], -1..1, positive where the first line has more of it, 0 where it says nothing, to
 * gain: [rows], what is won by exchanging the two there (nats).  Which of them is the one with more of it is what
 * gain says already; where that says nothing, what most rows say. */
void votes_add(const float *votes, int rows, float per_row, float *gain);

#endif

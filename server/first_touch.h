/* What memory costs when it is touched for the first time: each page is a fault, and in a microVM a slow one.
 * A part of a cold start, since a warm process has most of its pages. */
#ifndef SERVER_FIRST_TOUCH_H
#define SERVER_FIRST_TOUCH_H

/* Pages that this process has touched for the first time so far (minor faults, getrusage(2)). */
long first_touch_pages(void);

/* Seconds that `pages` first touches take: their number times what one is measured to take here and now, on a few
 * megabytes that are given back.  0 where none can be had to measure. */
double first_touch_seconds(long pages);

#endif

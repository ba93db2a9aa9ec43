/* What the server counts, as Prometheus text (exposition format 0.0.4) and for the budget. */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include <stdint.h>

#include "base/err.h"
#include "server/pipeline.h"

struct metrics;

/* On success *out is the caller's. */
enum err_code metrics_create(struct metrics **out, struct err *e);
void metrics_free(struct metrics *metrics);

/* One answered request.  `route` is a route's label, a literal. */
void metrics_request(struct metrics *metrics, const char *route, unsigned status, double seconds,
                     unsigned long long bytes_in);

/* One digitized scan; all times in seconds. */
struct metrics_scan {
    double queue, weights, store, total;
    double stage[STAGE_TOTAL];
    uint64_t pixels;
    bool cold;
    unsigned long long weights_bytes;   /* read for this scan, 0 when warm */
};
void metrics_scan(struct metrics *metrics, const struct metrics_scan *scan);

/* Sums since the start. */
struct metrics_summary { unsigned long long scans, cold, pixels, weights_bytes; double total, weights, queue, store, stage[STAGE_TOTAL]; };
void metrics_summary(struct metrics *metrics, struct metrics_summary *summary);

/* Values of the moment, read by the caller. */
struct metrics_now { int running, waiting, connections; unsigned long long model_bytes; };

/* The whole text; the caller frees it. */
enum err_code metrics_text(struct metrics *metrics, const struct metrics_now *now, char **out, struct err *e);

/* Resident memory of this process in bytes, now and at its most; 0 if unknown. */
unsigned long long metrics_rss(void);
unsigned long long metrics_rss_peak(void);

#endif

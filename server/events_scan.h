/* One scan that a notification named, digitized at most once for what it holds. */
#ifndef SERVER_EVENTS_SCAN_H
#define SERVER_EVENTS_SCAN_H

#include "server/digitize.h"

struct events_scan {
    struct server *server;
    char key[STORE_KEY_MAX];   /* as the store's fetch takes it */
    int64_t started_ns;
    /* Set by the work. */
    char id[STORE_ID_MAX];     /* the result's */
    bool skipped;              /* it was there already */
    double seconds;
};

/* A job's work on a scan, which it frees.  The settings are those of the sidecar NAME.json beside
 * NAME.tif, or the defaults.  The result's id follows from the scan's bytes, the settings and the
 * checkpoint: one that is stored already is not made again. */
struct work events_scan_work(struct events_scan *scan);

/* Whether the key names a TIFF. */
bool events_scan_is_tiff(const char *key);

#endif

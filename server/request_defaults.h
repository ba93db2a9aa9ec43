/* Completes a pipeline request with what follows from the scan itself. */
#ifndef SERVER_REQUEST_DEFAULTS_H
#define SERVER_REQUEST_DEFAULTS_H

#include "server/pipeline.h"

/* The region, the track and its curves where the request leaves them open; depths at the region's edges
 * as depth lines.  Checks that all lies on the scan: ERR_INVALID naming the field. */
enum err_code request_complete(struct pipeline_request *request, const struct scan_info *scan, struct err *e);

#endif

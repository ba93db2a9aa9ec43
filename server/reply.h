/* The JSON of a result, as design and openapi.json have it. */
#ifndef SERVER_REPLY_H
#define SERVER_REPLY_H

#include <cjson/cJSON.h>

#include "server/pipeline.h"

/* Times in seconds, all of one request. */
struct reply_timing {
    double receive, queue, weights, fetch, store, total;
    double process;              /* start of the process to listening; told on a cold start, */
    double first_touch;          /* as is what touching new memory took, a part of the stages (first_touch.h) */
    bool cold;
};

/* Strings are borrowed. */
struct reply_facts {
    const char *id, *scan_name, *model;
    const struct curvenet_info *net;
    const struct pipeline_request *request;
    const struct pipeline_result *result;
};

/* {"id","model","image","track","curves","depth","warnings"}: what result.json holds.  NULL when there is
 * no memory.  The caller's. */
cJSON *reply_result(const struct reply_facts *facts);

/* Adds "timing" and "cost" to the reply; memory_bytes is what the cost counts.  False without memory. */
bool reply_add_timing(cJSON *reply, const struct pipeline_result *result, const struct reply_timing *timing,
                      unsigned long long memory_bytes);

/* The stages' times as a JSON object, in ms.  NULL when there is no memory. */
cJSON *reply_stages(const struct pipeline_result *result, const struct reply_timing *timing);

#endif

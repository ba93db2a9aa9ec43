/* POST /events: S3's notifications, as Lambda's poller takes them from an SQS queue and the Web Adapter
 * passes them on.  The answer is a partial batch response: it names the messages that have failed, which
 * the queue then delivers again or, at last, puts aside ("Using Lambda with Amazon SQS" in the Lambda
 * developer guide). */
#ifndef SERVER_EVENTS_H
#define SERVER_EVENTS_H

#include "server/http.h"

/* Refuses what does not come from the platform or with a key: ERR_UNAUTHORIZED. */
enum err_code events_begin(struct request *request, struct err *e);

/* Works through the batch in order; what is not done by the deadline has failed.  ERR_MALFORMED for a body
 * that is no batch. */
enum err_code events_handle(struct request *request, struct err *e);

#endif

/* A job's progress and result as server-sent events (HTML standard, section 9.2):
 *   event: progress   {"stage","fraction","ms"}
 *   event: result     what POST /digitize replies
 *   event: error      a problem document
 * with a comment line now and then, so that nobody on the way takes the silence for a dead connection. */
#ifndef SERVER_SSE_H
#define SERVER_SSE_H

#include "server/http.h"
#include "server/task.h"

/* Answers with the stream, which takes over the ticket, on failure too.  The stream ends with an error at
 * `late_ns` (CLOCK_MONOTONIC) if the job has not ended by then. */
enum err_code sse_respond(struct request *request, struct task *task, struct ticket *ticket, int64_t late_ns,
                          struct err *e);

#endif

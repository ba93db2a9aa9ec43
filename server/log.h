/* The log: one JSON object a line, on standard error. */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include <cjson/cJSON.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log { int fd; enum log_level level; };   /* least level that is written */

/* Writes `message` and the members of `more` (an object, may be NULL; stays the caller's). */
void log_write(const struct log *log, enum log_level level, const char *message, const cJSON *more);

/* The same for a formatted sentence. */
void log_text(const struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

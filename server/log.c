#include "server/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *level_name(enum log_level level)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    return names[level];
}

/* {"time":…,"level":…,"msg":… and then the members of `more`. */
static cJSON *line_of(enum log_level level, const char *message, const cJSON *more)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct tm utc;
    gmtime_r(&now.tv_sec, &utc);
    char date[32], time_text[48];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(time_text, sizeof time_text, "%s.%03ldZ", date, now.tv_nsec / 1000000);
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "time", time_text);
    cJSON_AddStringToObject(line, "level", level_name(level));
    cJSON_AddStringToObject(line, "msg", message);
    for (const cJSON *member = more ? more->child : NULL; member; member = member->next) {
        cJSON *copy = cJSON_Duplicate(member, true);   /* a reference is leaked where it cannot be added */
        if (!cJSON_AddItemToObject(line, member->string, copy))
            cJSON_Delete(copy);
    }
    return line;
}

void log_write(const struct log *log, enum log_level level, const char *message, const cJSON *more)
{
    if (level < log->level)
        return;
    cJSON *line = line_of(level, message, more);
    char *text = cJSON_PrintUnformatted(line);
    cJSON_Delete(line);
    if (!text)
        return;
    /* One write a line, so that lines of several threads stay whole. */
    size_t n = strlen(text);
    text[n] = '\n';
    ssize_t written = write(log->fd, text, n + 1);
    (void)written;
    free(text);
}

void log_text(const struct log *log, enum log_level level, const char *format, ...)
{
    if (level < log->level)
        return;
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    log_write(log, level, text, NULL);
}

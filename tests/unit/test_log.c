/* One JSON object a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "server/log.h"

/* What was written to the pipe, as JSON. */
static cJSON *line_of(int fd)
{
    char text[4096] = "";
    ssize_t n = read(fd, text, sizeof text - 1);
    assert_true(n > 0 && text[n - 1] == '\n' && strchr(text, '\n') == text + n - 1);
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);
    return json;
}

static void lines(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    struct log log = {.fd = fds[1], .level = LOG_INFO};
    log_text(&log, LOG_DEBUG, "not written");
    log_text(&log, LOG_WARN, "a \"%s\"\n", "quoted");
    cJSON *json = line_of(fds[0]);
    assert_string_equal(cJSON_GetObjectItem(json, "level")->valuestring, "warn");
    assert_string_equal(cJSON_GetObjectItem(json, "msg")->valuestring, "a \"quoted\"\n");
    assert_int_equal(strlen(cJSON_GetObjectItem(json, "time")->valuestring), 24);
    cJSON_Delete(json);

    cJSON *more = cJSON_CreateObject();
    cJSON_AddNumberToObject(more, "status", 200);
    log_write(&log, LOG_INFO, "request", more);
    json = line_of(fds[0]);
    assert_true(cJSON_GetObjectItem(json, "status")->valuedouble == 200);
    cJSON_Delete(json);
    assert_int_equal(cJSON_GetArraySize(more), 1);
    cJSON_Delete(more);
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

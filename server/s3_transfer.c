#include "server/s3_transfer.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "server/curl_http.h"

struct attempt { struct s3_transfer *t; CURL *curl; };

static long status_of(CURL *curl)
{
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* A refusal's body is kept as far as there is room. */
static size_t keep_refusal(struct s3_reply *reply, const char *data, size_t n)
{
    size_t room = sizeof reply->body - 1 - reply->body_n, take = n < room ? n : room;
    memcpy(reply->body + reply->body_n, data, take);
    reply->body_n += take;
    return n;
}

static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
    struct attempt *a = ctx;
    struct s3_transfer *t = a->t;
    size_t n = size * count;
    if (t->put || status_of(a->curl) != 200)
        return keep_refusal(&t->reply, data, n);
    if (n > t->max_bytes - t->received) {
        t->too_large = true;
        return 0;
    }
    for (size_t done = 0; done < n;) {
        ssize_t wrote = write(t->to_fd, data + done, n - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            t->write_errno = wrote < 0 ? errno : EIO;
            return 0;
        }
        done += (size_t)wrote;
    }
    t->received += n;
    return n;
}

static size_t give_body(char *data, size_t size, size_t count, void *ctx)
{
    struct attempt *a = ctx;
    ssize_t n;
    do
        n = read(a->t->from_fd, data, size * count);
    while (n < 0 && errno == EINTR);
    return n < 0 ? CURL_READFUNC_ABORT : (size_t)n;
}

/* libcurl goes back when a kept connection turns out to be dead. */
static int seek_body(void *ctx, curl_off_t offset, int origin)
{
    struct attempt *a = ctx;
    return lseek(a->t->from_fd, offset, origin) < 0 ? CURL_SEEKFUNC_FAIL : CURL_SEEKFUNC_OK;
}

static void copy_value(char *out, size_t size, const char *value, size_t n)
{
    while (n && strchr(" \r\n", value[n - 1]))
        n--;
    while (n && *value == ' ') {
        value++;
        n--;
    }
    snprintf(out, size, "%.*s", (int)n, value);
}

static size_t take_header(char *line, size_t size, size_t count, void *ctx)
{
    struct attempt *a = ctx;
    size_t n = size * count;
    static const char region[] = "x-amz-bucket-region:", date[] = "date:";
    if (n >= sizeof region && strncasecmp(line, region, sizeof region - 1) == 0)
        copy_value(a->t->reply.region, sizeof a->t->reply.region, line + sizeof region - 1, n - (sizeof region - 1));
    if (n >= sizeof date && strncasecmp(line, date, sizeof date - 1) == 0) {
        char text[64];
        copy_value(text, sizeof text, line + sizeof date - 1, n - (sizeof date - 1));
        time_t when = curl_getdate(text, NULL);
        a->t->reply.date = when == -1 ? 0 : when;
    }
    return n;
}

/* Gives up when the job must stop. */
static int watch_job(void *ctx, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
    (void)down_all, (void)down, (void)up_all, (void)up;
    struct err ignored = {0};
    return job_check(((struct attempt *)ctx)->t->job, &ignored) != ERR_OK;
}

static void set_body(CURL *curl, struct s3_transfer *t, struct attempt *a)
{
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, t->from_size);
    if (!t->from_size)
        return;
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(curl, CURLOPT_READDATA, a);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, seek_body);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, a);
}

/* libcurl's own limits stop a transfer sooner than the callbacks, which see a byte first. */
static void set_limits(CURL *curl, const struct s3_transfer *t)
{
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)t->connect_ms);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)t->stall_s);
    if (t->job && t->job->deadline_ns) {
        int64_t left = (t->job->deadline_ns - job_now_ns()) / 1000000;
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(left < 1 ? 1 : left > LONG_MAX / 2 ? LONG_MAX / 2 : left));
    }
    if (!t->put && t->max_bytes > S3_BODY_MAX && t->max_bytes < INT64_MAX)
        curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->max_bytes);
}

static bool rewind_files(struct s3_transfer *t)
{
    if (t->put)
        return !t->from_size || lseek(t->from_fd, 0, SEEK_SET) == 0;
    return lseek(t->to_fd, 0, SEEK_SET) == 0 && ftruncate(t->to_fd, 0) == 0;
}

void s3_transfer_run(CURL *curl, struct s3_transfer *t)
{
    struct attempt a = {t, curl};
    memset(&t->reply, 0, sizeof t->reply);
    t->received = 0;
    t->too_large = false;
    t->write_errno = 0;
    if (!rewind_files(t)) {
        t->write_errno = errno;
        t->reply.result = CURLE_WRITE_ERROR;
        return;
    }
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, t->url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_http_only(curl);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, t->headers);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    set_limits(curl, t);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &a);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &a);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch_job);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &a);
    if (t->put)
        set_body(curl, t, &a);
    t->reply.result = curl_easy_perform(curl);
    t->reply.status = status_of(curl);
}

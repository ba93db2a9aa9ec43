#include "server/s3_client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/s3_transfer.h"
#include "server/sigv4.h"

enum { IDLE_MAX = 16, URL_MAX = 4096, MAX_PAUSE_MS = 5000, PUMP = 65536 };

struct s3_client {
    struct s3_config config;
    struct credentials_source *credentials;
    pthread_mutex_t lock;
    CURL *idle[IDLE_MAX]; size_t n_idle;   /* handles with their open connections */
};

/* What one request is, over all its attempts. */
struct call {
    const char *key, *content_type;
    char hash[SIGV4_HASH_SIZE];
    int attempts;
    struct s3_transfer transfer;
};

enum err_code s3_open(struct s3_client **out, const struct s3_config *config, struct credentials_source *credentials,
                      struct err *e)
{
    struct s3_client *c = calloc(1, sizeof *c);
    if (!c)
        return err_memory(e, "the store");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(c);
        return err_set(e, ERR_INTERNAL, "libcurl could not be started.");
    }
    c->config = *config;
    c->credentials = credentials;
    pthread_mutex_init(&c->lock, NULL);
    *out = c;
    return ERR_OK;
}

void s3_close(struct s3_client *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n_idle; i++)
        curl_easy_cleanup(c->idle[i]);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static CURL *borrow_handle(struct s3_client *c)
{
    CURL *curl = NULL;
    pthread_mutex_lock(&c->lock);
    if (c->n_idle)
        curl = c->idle[--c->n_idle];
    pthread_mutex_unlock(&c->lock);
    return curl ? curl : curl_easy_init();
}

static void return_handle(struct s3_client *c, CURL *curl)
{
    pthread_mutex_lock(&c->lock);
    bool kept = c->n_idle < IDLE_MAX;
    if (kept)
        c->idle[c->n_idle++] = curl;
    pthread_mutex_unlock(&c->lock);
    if (!kept)
        curl_easy_cleanup(curl);
}

static struct sigv4_signer signer_for(const struct s3_client *c, const struct credentials *credentials)
{
    return (struct sigv4_signer){.access_key = credentials->access_key, .secret_key = credentials->secret_key,
                                 .session_token = credentials->session_token, .region = c->config.region,
                                 .service = "s3", .now = time(NULL)};
}

static enum err_code make_path(const struct s3_address *address, const char *key, char path[URL_MAX], struct err *e)
{
    int n = snprintf(path, URL_MAX, "%s/%s", address->path, key);
    return n > 0 && n < URL_MAX ? ERR_OK : err_set(e, ERR_INVALID, "The name of an object in the store is too long.");
}

/* The base address and the request's path and query after it. */
static enum err_code make_url(const struct s3_address *address, const struct sigv4_request *request, char *url,
                              size_t size, struct err *e)
{
    int n = snprintf(url, size, "%s", address->base);
    return n > 0 && (size_t)n < size ? sigv4_target(request, url + n, size - (size_t)n, e)
                                     : err_set(e, ERR_INVALID, "The store's address is too long.");
}

static enum err_code add_header(struct curl_slist **list, const char *name, const char *value, struct err *e)
{
    char line[CREDENTIALS_TOKEN_MAX + 64];
    snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (!longer)
        return err_memory(e, "a request to the store");
    *list = longer;
    return ERR_OK;
}

/* curl_slist_append copies what it is given. */
static enum err_code list_headers(const struct sigv4_request *request, struct curl_slist **list, struct err *e)
{
    /* libcurl would wait for "100 Continue". */
    struct curl_slist *first = curl_slist_append(NULL, "Expect:");
    if (!first)
        return err_memory(e, "a request to the store");
    *list = first;
    enum err_code code = ERR_OK;
    for (size_t i = 0; !code && i < request->n_headers; i++)
        code = add_header(list, request->headers[i].name, request->headers[i].value, e);
    return code;
}

/* Signs and sends the call once; what came of it is in call->transfer. */
static enum err_code attempt(struct s3_client *c, struct call *call, const struct credentials *credentials,
                             struct err *e)
{
    char path[URL_MAX], url[URL_MAX];
    struct sigv4_signature signature;
    struct sigv4_signer signer = signer_for(c, credentials);
    struct sigv4_request request = {.method = call->transfer.put ? "PUT" : "GET", .host = c->config.address.host,
                                    .path = path, .payload = call->hash};
    request.headers[request.n_headers++] = (struct sigv4_pair){"X-Amz-Content-Sha256", call->hash};
    if (call->content_type)
        request.headers[request.n_headers++] = (struct sigv4_pair){"Content-Type", call->content_type};
    CURL *curl = NULL;
    enum err_code code;
    call->transfer.headers = NULL;
    if ((code = make_path(&c->config.address, call->key, path, e)) ||
        (code = sigv4_sign(&request, &signer, &signature, e)) ||
        (code = make_url(&c->config.address, &request, url, sizeof url, e)) ||
        (code = list_headers(&request, &call->transfer.headers, e)))
        goto out;
    if (!(curl = borrow_handle(c))) {
        code = err_memory(e, "a request to the store");
        goto out;
    }
    call->transfer.url = url;
    s3_transfer_run(curl, &call->transfer);
    return_handle(c, curl);
out:
    curl_slist_free_all(call->transfer.headers);
    return code;
}

/* Sleeps for a random time about `mean` ms, in steps so short that a cancelled job stops at once. */
static enum err_code pause_about(int mean, const struct job *job, struct err *e)
{
    unsigned char random[2] = {0};
    RAND_bytes(random, sizeof random);
    int ms = mean / 2 + (int)((long long)mean * (random[0] * 256 + random[1]) / 65536);
    enum err_code code = ERR_OK;
    for (; ms > 0 && !(code = job_check(job, e)); ms -= 20)
        usleep((useconds_t)(ms < 20 ? ms : 20) * 1000);
    return code;
}

/* The failures that are the caller's and not the store's. */
static enum err_code local_failure(const struct s3_transfer *t, struct err *e)
{
    enum err_code code = job_check(t->job, e);
    if (code)
        return code;
    if (t->too_large || t->reply.result == CURLE_FILESIZE_EXCEEDED)
        return err_set(e, ERR_TOO_LARGE, "The object in the store is larger than %llu bytes.", t->max_bytes);
    if (err_no_room(t->write_errno))
        return err_set(e, ERR_DISK_FULL, "There is no room on the server's disk for the object.");
    if (t->write_errno)
        return err_set(e, ERR_INTERNAL, "A local file cannot be written: %s.", strerror(t->write_errno));
    if (t->reply.result == CURLE_ABORTED_BY_CALLBACK || t->reply.result == CURLE_READ_ERROR)
        return err_set(e, ERR_INTERNAL, "A local file cannot be read.");
    return ERR_OK;
}

static enum err_code perform(struct s3_client *c, struct call *call, struct err *e)
{
    struct s3_transfer *t = &call->transfer;
    bool renewed = false;
    int pause = c->config.backoff_ms;

    t->connect_ms = c->config.connect_ms;
    t->stall_s = c->config.stall_s;
    for (int i = 1;; i++) {
        struct credentials credentials;
        enum err_code code;
        if ((code = job_check(t->job, e)) || (code = credentials_get(c->credentials, &credentials, e)) ||
            (code = attempt(c, call, &credentials, e)) || (code = local_failure(t, e)))
            return code;
        enum s3_verdict verdict = s3_error_judge(&t->reply);
        if (verdict == S3_DONE)
            return ERR_OK;
        if (verdict == S3_RENEW && !renewed) {
            renewed = true;
            credentials_reject(c->credentials, &credentials);
            continue;
        }
        if (verdict != S3_AGAIN || i >= call->attempts)
            return s3_error_set(e, &t->reply, c->config.address.host, c->config.bucket, !t->put);
        if ((code = pause_about(pause, t->job, e)))
            return code;
        pause = pause < MAX_PAUSE_MS / 2 ? 2 * pause : MAX_PAUSE_MS;
    }
}

static enum err_code hash_file(int fd, char hex[SIGV4_HASH_SIZE], struct err *e)
{
    enum err_code code = ERR_OK;
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    char *data = malloc(PUMP);
    if (!md || !data) {
        code = err_memory(e, "a request to the store");
        goto out;
    }
    ssize_t n = 0;
    bool ok = EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
    while (ok && (n = read(fd, data, PUMP)) > 0)
        ok = EVP_DigestUpdate(md, data, (size_t)n) == 1;
    if (n < 0)
        code = err_set(e, ERR_INTERNAL, "A result's file cannot be read: %s.", strerror(errno));
    else if (!ok || EVP_DigestFinal_ex(md, digest, NULL) != 1)
        code = err_set(e, ERR_INTERNAL, "SHA-256 failed.");
    else
        sigv4_hex(digest, 32, hex);
out:
    free(data);
    EVP_MD_CTX_free(md);
    return code;
}

enum err_code s3_put_file(struct s3_client *c, const char *key, const char *path, const char *content_type,
                          const struct job *job, struct err *e)
{
    struct stat st;
    enum err_code code;
    struct call call = {.key = key, .content_type = content_type, .attempts = c->config.attempts,
                        .transfer = {.put = true, .to_fd = -1, .job = job}};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        code = err_set(e, ERR_INTERNAL, "A result's file cannot be read: %s.", strerror(errno));
        goto out;
    }
    call.transfer.from_fd = fd;
    call.transfer.from_size = st.st_size;
    if ((code = hash_file(fd, call.hash, e)))
        goto out;
    code = perform(c, &call, e);
out:
    if (fd >= 0)
        close(fd);
    return code;
}

enum err_code s3_put_empty(struct s3_client *c, const char *key, const struct job *job, struct err *e)
{
    struct call call = {.key = key, .attempts = 1,
                        .transfer = {.put = true, .from_fd = -1, .to_fd = -1, .job = job}};
    enum err_code code = sigv4_hash("", 0, call.hash, e);
    return code ? code : perform(c, &call, e);
}

enum err_code s3_get(struct s3_client *c, const char *key, int fd, unsigned long long max_bytes,
                     const struct job *job, struct err *e)
{
    struct call call = {.key = key, .attempts = c->config.attempts,
                        .transfer = {.from_fd = -1, .to_fd = fd, .max_bytes = max_bytes, .job = job}};
    enum err_code code = sigv4_hash("", 0, call.hash, e);
    return code ? code : perform(c, &call, e);
}

const char *s3_origin(const struct s3_client *c)
{
    return c->config.shown.base;
}

/* A URL dies with the credentials that signed it. */
static int shorten_to_life(const struct credentials *credentials, int seconds)
{
    long long left = credentials->expires ? (long long)(credentials->expires - time(NULL)) : seconds;
    return left >= seconds ? seconds : left > 1 ? (int)left : 1;
}

enum err_code s3_presign_life(struct s3_client *c, int *seconds, struct err *e)
{
    struct credentials credentials;
    enum err_code code = credentials_get(c->credentials, &credentials, e);
    if (!code)
        *seconds = shorten_to_life(&credentials, *seconds);
    return code;
}

enum err_code s3_presign(struct s3_client *c, const char *method, const char *key, int seconds, char *url,
                         size_t size, struct err *e)
{
    char path[URL_MAX];
    struct credentials credentials;
    struct sigv4_signature signature;
    struct sigv4_request request = {.method = method, .host = c->config.shown.host, .path = path,
                                    .payload = SIGV4_UNSIGNED};
    enum err_code code = credentials_get(c->credentials, &credentials, e);
    if (code)
        return code;
    struct sigv4_signer signer = signer_for(c, &credentials);
    if ((code = make_path(&c->config.shown, key, path, e)) ||
        (code = sigv4_presign(&request, &signer, shorten_to_life(&credentials, seconds), &signature, e)))
        return code;
    return make_url(&c->config.shown, &request, url, size, e);
}

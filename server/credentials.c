#include "server/credentials.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/credentials_parse.h"
#include "server/curl_http.h"

enum { URI_MAX = 1024, BODY_MAX = 16384, ATTEMPTS = 3, ATTEMPT_MS = 2000, PAUSE_MS = 100, EARLY_S = 3600, AGAIN_S = 10 };

enum kind { FROM_ENVIRONMENT, FROM_CONTAINER, FROM_FILE };

struct credentials_source {
    enum kind kind;
    char uri[URI_MAX];                    /* container endpoint */
    char token_file[URI_MAX];
    char token[CREDENTIALS_TOKEN_MAX];
    char path[URI_MAX], profile[128];     /* shared file */

    pthread_mutex_t lock;                 /* guards all below */
    pthread_cond_t fetched;
    bool fetching, have;
    unsigned long fetches;                /* that have ended */
    struct credentials current;
    time_t refresh_at;                    /* 0: never */
    struct err failure;                   /* of the last fetch, if it failed */
};

/* An environment variable's value; one that is empty is as good as none. */
static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static enum err_code copy_setting(char *to, size_t size, const char *name, const char *value, struct err *e)
{
    int length = snprintf(to, size, "%s", value);
    if (length < 0 || (size_t)length >= size)
        return err_set(e, ERR_INVALID, "%s is too long.", name);
    return ERR_OK;
}

static enum err_code open_environment(struct credentials_source *s, const char *key, const char *secret, struct err *e)
{
    const char *token = setting("AWS_SESSION_TOKEN");
    if (!key || !secret)
        return err_set(e, ERR_INVALID, "%s is set without %s.", key ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                       key ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
    s->kind = FROM_ENVIRONMENT;
    s->have = true;
    enum err_code code = copy_setting(s->current.access_key, sizeof s->current.access_key, "AWS_ACCESS_KEY_ID", key, e);
    if (!code)
        code = copy_setting(s->current.secret_key, sizeof s->current.secret_key, "AWS_SECRET_ACCESS_KEY", secret, e);
    if (!code && token)
        code = copy_setting(s->current.session_token, sizeof s->current.session_token, "AWS_SESSION_TOKEN", token, e);
    return code;
}

static enum err_code open_container(struct credentials_source *s, const char *relative, const char *full, struct err *e)
{
    const char *file = setting("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = setting("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    s->kind = FROM_CONTAINER;
    int length = relative ? snprintf(s->uri, sizeof s->uri, "http://169.254.170.2%s", relative)
                          : snprintf(s->uri, sizeof s->uri, "%s", full);
    if (length < 0 || (size_t)length >= sizeof s->uri)
        return err_set(e, ERR_INVALID, "The address of the container's credentials endpoint is too long.");
    if (relative && *relative != '/')
        return err_set(e, ERR_INVALID, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must begin with a slash.");
    if (!credentials_uri_allowed(s->uri))
        return err_set(e, ERR_INVALID, "AWS_CONTAINER_CREDENTIALS_FULL_URI is not allowed: it must be https, or http on "
                       "loopback, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23].");
    if (file)
        return copy_setting(s->token_file, sizeof s->token_file, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file, e);
    if (token)
        return copy_setting(s->token, sizeof s->token, "AWS_CONTAINER_AUTHORIZATION_TOKEN", token, e);
    return ERR_OK;
}

static enum err_code open_file(struct credentials_source *s, struct err *e)
{
    const char *path = setting("AWS_SHARED_CREDENTIALS_FILE"), *home = setting("HOME");
    const char *profile = setting("AWS_PROFILE");
    int length = path ? snprintf(s->path, sizeof s->path, "%s", path)
                      : snprintf(s->path, sizeof s->path, "%s/.aws/credentials", home ? home : "");
    s->kind = FROM_FILE;
    if (length < 0 || (size_t)length >= sizeof s->path)
        return err_set(e, ERR_INVALID, "The credentials file's path is too long.");
    if (access(s->path, F_OK) != 0)
        return err_set(e, ERR_STORE, "There are no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, run "
                       "where a role's credentials are served, or have %s.", s->path);
    return copy_setting(s->profile, sizeof s->profile, "AWS_PROFILE", profile ? profile : "default", e);
}

enum err_code credentials_open(struct credentials_source **out, struct err *e)
{
    const char *key = setting("AWS_ACCESS_KEY_ID"), *secret = setting("AWS_SECRET_ACCESS_KEY");
    const char *relative = setting("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = setting("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    struct credentials_source *s = calloc(1, sizeof *s);
    if (!s)
        return err_memory(e, "the store's credentials");
    enum err_code code = key || secret      ? open_environment(s, key, secret, e)
                         : relative || full ? open_container(s, relative, full, e)
                                            : open_file(s, e);
    if (code) {
        free(s);
        return code;
    }
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->fetched, NULL);
    *out = s;
    return ERR_OK;
}

void credentials_close(struct credentials_source *s)
{
    if (!s)
        return;
    pthread_cond_destroy(&s->fetched);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

const char *credentials_kind(const struct credentials_source *s)
{
    static const char *const names[] = {"environment", "container endpoint", "credentials file"};
    return names[s->kind];
}

/* The Authorization header that the container endpoint wants, or NULL.  The file is read each time, since
 * its token is replaced as it ages. */
static enum err_code authorization(const struct credentials_source *s, struct curl_slist **headers, struct err *e)
{
    char token[CREDENTIALS_TOKEN_MAX], line[CREDENTIALS_TOKEN_MAX + 32];
    snprintf(token, sizeof token, "%s", s->token);
    *headers = NULL;
    if (*s->token_file) {
        FILE *file = fopen(s->token_file, "r");
        size_t n = file ? fread(token, 1, sizeof token - 1, file) : 0;
        bool failed = !file || ferror(file) || n == 0 || n == sizeof token - 1;
        if (file)
            fclose(file);
        if (failed)
            return err_set(e, ERR_STORE, "The authorization token file %s cannot be read.", s->token_file);
        token[n] = '\0';
        while (n && strchr("\r\n", token[n - 1]))
            token[--n] = '\0';
    }
    if (!*token)
        return ERR_OK;
    if (strpbrk(token, "\r\n"))
        return err_set(e, ERR_STORE, "The container's authorization token has a line break in it.");
    snprintf(line, sizeof line, "Authorization: %s", token);
    *headers = curl_slist_append(NULL, line);
    return *headers ? ERR_OK : err_memory(e, "the store's credentials");
}

struct body { char text[BODY_MAX]; size_t n; };

static size_t take_body(char *data, size_t size, size_t n, void *ctx)
{
    struct body *body = ctx;
    if (size * n > sizeof body->text - body->n)
        return 0;
    memcpy(body->text + body->n, data, size * n);
    body->n += size * n;
    return size * n;
}

static enum err_code ask_once(const char *uri, struct curl_slist *headers, struct body *body, struct err *e)
{
    long status = 0;
    CURL *curl = curl_easy_init();
    if (!curl)
        return err_memory(e, "the store's credentials");
    body->n = 0;
    curl_easy_setopt(curl, CURLOPT_URL, uri);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_http_only(curl);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)ATTEMPT_MS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    CURLcode result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    if (result != CURLE_OK)
        return err_set(e, ERR_STORE, "The container's credentials endpoint does not answer: %s.",
                       curl_easy_strerror(result));
    if (status != 200)
        return err_set(e, ERR_STORE, "The container's credentials endpoint answered %ld.", status);
    return ERR_OK;
}

/* Asks again when the endpoint fails: one that has just started may not answer at once. */
static enum err_code fetch_container(const struct credentials_source *s, struct credentials *out, struct err *e)
{
    struct curl_slist *headers = NULL;
    struct body *body = malloc(sizeof *body);
    if (!body)
        return err_memory(e, "the store's credentials");
    enum err_code code = authorization(s, &headers, e);
    if (code)
        goto out;
    for (int attempt = 1;; attempt++) {
        err_clear(e);
        code = ask_once(s->uri, headers, body, e);
        if (!code || attempt == ATTEMPTS)
            break;
        usleep(PAUSE_MS * 1000);
    }
    if (!code)
        code = credentials_parse_json(body->text, body->n, out, e);
out:
    curl_slist_free_all(headers);
    free(body);
    return code;
}

static enum err_code fetch_file(const struct credentials_source *s, struct credentials *out, struct err *e)
{
    FILE *file = fopen(s->path, "r");
    if (!file)
        return err_set(e, ERR_STORE, "The credentials file %s cannot be read: %s.", s->path, strerror(errno));
    enum err_code code = credentials_parse_file(file, s->path, s->profile, out, e);
    fclose(file);
    return code;
}

/* When new ones are fetched: an hour before the end, for the sake of presigned URLs, which die with what signed
 * them; or a third of a short life. */
static time_t refresh_time(const struct credentials *c, time_t now)
{
    if (!c->expires)
        return 0;
    time_t third = (c->expires - now) / 3;
    return c->expires - (third < EARLY_S ? third : EARLY_S);
}

static bool usable(const struct credentials_source *s, time_t now)
{
    return s->have && (!s->current.expires || now < s->current.expires);
}

/* Called with the lock held, which is given up while the source is asked. */
static void refresh(struct credentials_source *s)
{
    struct credentials fresh;
    struct err failure = {0};
    s->fetching = true;
    pthread_mutex_unlock(&s->lock);
    enum err_code code = s->kind == FROM_CONTAINER ? fetch_container(s, &fresh, &failure)
                                                   : fetch_file(s, &fresh, &failure);
    if (!code && fresh.expires && fresh.expires <= time(NULL))
        code = err_set(&failure, ERR_STORE, "The %s gives credentials that have expired.", credentials_kind(s));
    pthread_mutex_lock(&s->lock);
    s->fetching = false;
    s->fetches++;
    s->failure = failure;
    if (!code) {
        s->current = fresh;
        s->have = true;
        s->refresh_at = refresh_time(&fresh, time(NULL));
    } else if (s->have) {
        s->refresh_at = time(NULL) + AGAIN_S;
    }
    pthread_cond_broadcast(&s->fetched);
}

enum err_code credentials_get(struct credentials_source *s, struct credentials *out, struct err *e)
{
    enum err_code code = ERR_OK;
    pthread_mutex_lock(&s->lock);
    time_t now = time(NULL);
    bool due = !usable(s, now) || (s->refresh_at && now >= s->refresh_at);
    if (due && !s->fetching) {
        refresh(s);
    } else if (!usable(s, now)) {
        for (unsigned long before = s->fetches; s->fetches == before;)
            pthread_cond_wait(&s->fetched, &s->lock);
    }
    if (usable(s, time(NULL)))
        *out = s->current;
    else
        code = err_set(e, ERR_STORE, "%s", s->failure.code ? s->failure.text : "The store's credentials have expired.");
    pthread_mutex_unlock(&s->lock);
    return code;
}

void credentials_reject(struct credentials_source *s, const struct credentials *rejected)
{
    pthread_mutex_lock(&s->lock);
    if (s->have && s->kind != FROM_ENVIRONMENT && strcmp(s->current.access_key, rejected->access_key) == 0 &&
        strcmp(s->current.session_token, rejected->session_token) == 0)
        s->have = false;
    pthread_mutex_unlock(&s->lock);
}

#include "server/store_s3.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server/ids.h"

enum { OBJECT_KEY_MAX = 1024, PROBE_GOOD_S = 60, PROBE_BAD_S = 5, PROBE_MS = 3000 };

static const char UPLOADS[] = "uploads/";
static const char LAST_FILE[] = "result.json";   /* what announces a result */

struct store_s3 {
    struct store store;   /* first: the table of functions */
    struct s3_client *client;
    struct credentials_source *credentials;
    char bucket[S3_BUCKET_MAX], prefix[S3_PREFIX_MAX];
    char tmp_dir[STORE_PATH_MAX];
    int result_url_s, upload_url_s;
    pthread_mutex_t lock;   /* guards the last probe */
    time_t probed; struct err probe_err;
};

static struct store_s3 *self(struct store *store)
{
    return (struct store_s3 *)store;
}

static void s3_free(struct store *store)
{
    struct store_s3 *s = self(store);
    s3_close(s->client);
    credentials_close(s->credentials);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static enum err_code result_key(const struct store_s3 *s, const char *id, const char *file, char key[OBJECT_KEY_MAX],
                                struct err *e)
{
    if (!id_is_safe(id, STORE_ID_MAX) || !id_is_safe(file, 128))
        return err_set(e, ERR_NOT_FOUND, "There is no such result.");
    snprintf(key, OBJECT_KEY_MAX, "%sresults/%s/%s", s->prefix, id, file);
    return ERR_OK;
}

static enum err_code s3_stage(struct store *store, const char *id, char path[STORE_PATH_MAX], struct err *e)
{
    struct store_s3 *s = self(store);
    if (!id_is_safe(id, STORE_ID_MAX))
        return err_set(e, ERR_INTERNAL, "A result's id is not usable as a name.");
    int n = snprintf(path, STORE_PATH_MAX, "%s/result-%s-XXXXXX", s->tmp_dir, id);
    if (n < 0 || n >= STORE_PATH_MAX)
        return err_set(e, ERR_INTERNAL, "The path of the folder for temporary files is too long.");
    if (!mkdtemp(path))
        return err_set(e, err_no_room(errno) ? ERR_DISK_FULL : ERR_INTERNAL,
                       "No folder for the result can be made in %s: %s.", s->tmp_dir, strerror(errno));
    return ERR_OK;
}

static void s3_discard(struct store *store, const char *staged)
{
    (void)store;
    DIR *dir = opendir(staged);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));)
        unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    rmdir(staged);
}

static const char *content_type(const char *file)
{
    static const char *const types[][2] = {{".csv", "text/csv; charset=utf-8"}, {".las", "text/plain; charset=utf-8"},
                                           {".png", "image/png"}, {".json", "application/json"}};
    const char *dot = strrchr(file, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

static enum err_code put_file(struct store_s3 *s, const char *id, const char *staged, const char *file,
                              const struct job *job, struct err *e)
{
    char key[OBJECT_KEY_MAX], path[STORE_PATH_MAX + 256];
    enum err_code code = result_key(s, id, file, key, e);
    if (code)
        return code;
    snprintf(path, sizeof path, "%s/%s", staged, file);
    return s3_put_file(s->client, key, path, content_type(file), job, e);
}

static enum err_code s3_publish(struct store *store, const char *id, const char *staged, const struct job *job,
                                struct err *e)
{
    struct store_s3 *s = self(store);
    enum err_code code = ERR_OK;
    bool announced = false;
    DIR *dir = opendir(staged);
    if (!dir)
        return err_set(e, ERR_INTERNAL, "The result's folder cannot be read: %s.", strerror(errno));
    for (struct dirent *entry; !code && (entry = readdir(dir));) {
        if (strcmp(entry->d_name, LAST_FILE) == 0)
            announced = true;
        else if (entry->d_name[0] != '.')
            code = put_file(s, id, staged, entry->d_name, job, e);
    }
    closedir(dir);
    if (!code && announced)
        code = put_file(s, id, staged, LAST_FILE, job, e);
    if (!code)
        s3_discard(store, staged);
    return code;
}

static enum err_code s3_url(struct store *store, const char *id, const char *file, char url[STORE_URL_MAX],
                            struct err *e)
{
    struct store_s3 *s = self(store);
    char key[OBJECT_KEY_MAX];
    enum err_code code = result_key(s, id, file, key, e);
    return code ? code : s3_presign(s->client, "GET", key, s->result_url_s, url, STORE_URL_MAX, e);
}

/* A file that has no name, and is gone when it is closed. */
static enum err_code open_unnamed(const struct store_s3 *s, int *fd, struct err *e)
{
    char path[STORE_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/object-XXXXXX", s->tmp_dir);
    *fd = n > 0 && n < STORE_PATH_MAX ? mkostemp(path, O_CLOEXEC) : -1;
    if (*fd < 0)
        return err_set(e, err_no_room(errno) ? ERR_DISK_FULL : ERR_INTERNAL, "No file can be made in %s: %s.", s->tmp_dir,
                       strerror(errno));
    unlink(path);
    return ERR_OK;
}

static enum err_code s3_open_result(struct store *store, const char *id, const char *file, int *fd, struct err *e)
{
    struct store_s3 *s = self(store);
    char key[OBJECT_KEY_MAX];
    enum err_code code = result_key(s, id, file, key, e);
    if (code || (code = open_unnamed(s, fd, e)))
        return code;
    code = s3_get(s->client, key, *fd, ULLONG_MAX, NULL, e);
    if (!code && lseek(*fd, 0, SEEK_SET) != 0)
        code = err_set(e, ERR_INTERNAL, "A temporary file cannot be read: %s.", strerror(errno));
    if (code) {
        close(*fd);
        *fd = -1;
    }
    return code;
}

/* The name's last part, with all but plain characters made dashes, and a suffix if there is none. */
static void plain_name(const char *name, char out[128])
{
    const char *slash = strrchr(name, '/');
    if (slash)
        name = slash + 1;
    snprintf(out, 128, "%s", *name ? name : "scan.tif");
    for (char *c = out; *c; c++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.", *c))
            *c = '-';
    if (out[0] == '.')
        out[0] = '-';
}

/* The key tells until when its URL was good, so that a scan that never came can be told from one that
 * still may. */
static enum err_code s3_upload(struct store *store, const char *file_name, struct store_upload *out, struct err *e)
{
    struct store_s3 *s = self(store);
    char id[ID_SIZE], name[128], key[OBJECT_KEY_MAX];
    enum err_code code = id_random(id, e);
    if (code)
        return code;
    int seconds = s->upload_url_s;
    if ((code = s3_presign_life(s->client, &seconds, e)))
        return code;
    memset(out, 0, sizeof *out);
    plain_name(file_name, name);
    out->expires = (long long)time(NULL) + seconds;
    snprintf(out->key, sizeof out->key, "%s%lld-%s/%s", UPLOADS, out->expires, id, name);
    snprintf(key, sizeof key, "%s%s", s->prefix, out->key);
    snprintf(out->headers[0][0], sizeof out->headers[0][0], "Content-Type");
    snprintf(out->headers[0][1], sizeof out->headers[0][1], "image/tiff");
    out->n_headers = 1;
    return s3_presign(s->client, "PUT", key, seconds, out->url, sizeof out->url, e);
}

static enum err_code check_upload_key(const char *key, struct err *e)
{
    if (strlen(key) >= STORE_KEY_MAX)
        return err_field(e, ERR_INVALID, "key", "The key is longer than %d bytes.", STORE_KEY_MAX - 1);
    if (strncmp(key, UPLOADS, sizeof UPLOADS - 1) != 0)
        return err_field(e, ERR_FORBIDDEN, "key", "The key is not one of an upload: it must begin with \"%s\".",
                         UPLOADS);
    for (const char *part = key;; part++) {
        size_t length = strcspn(part, "/");
        if (!length || (*part == '.' && (length == 1 || (length == 2 && part[1] == '.'))))
            return err_field(e, ERR_FORBIDDEN, "key", "The key has an empty or dotted part.");
        part += length;
        if (!*part)
            break;
    }
    for (const char *c = key; *c; c++)
        if ((unsigned char)*c < 32 || *c == 127)
            return err_field(e, ERR_INVALID, "key", "The key has a control character in it.");
    return ERR_OK;
}

static enum err_code explain_missing(const char *key, struct err *e)
{
    char *end;
    long long expires = strtoll(key + sizeof UPLOADS - 1, &end, 10);
    err_clear(e);
    if (*end == '-' && expires > 1000000000 && expires < (long long)time(NULL))
        return err_field(e, ERR_GONE, "key", "Nothing was uploaded under this key before its URL expired: ask for "
                         "another at /uploads.");
    return err_field(e, ERR_NOT_FOUND, "key", "No scan has been uploaded under this key.");
}

static enum err_code s3_fetch(struct store *store, const char *key, const char *to_path, unsigned long long max_bytes,
                              const struct job *job, struct err *e)
{
    struct store_s3 *s = self(store);
    char object[OBJECT_KEY_MAX];
    enum err_code code = check_upload_key(key, e);
    if (code)
        return code;
    snprintf(object, sizeof object, "%s%s", s->prefix, key);
    int fd = open(to_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(e, err_no_room(errno) ? ERR_DISK_FULL : ERR_INTERNAL, "No file for the scan can be made: %s.",
                       strerror(errno));
    code = s3_get(s->client, object, fd, max_bytes, job, e);
    if (close(fd) != 0 && !code)
        code = err_set(e, err_no_room(errno) ? ERR_DISK_FULL : ERR_INTERNAL, "The scan cannot be written: %s.",
                       strerror(errno));
    if (code)
        unlink(to_path);
    return code == ERR_NOT_FOUND ? explain_missing(key, e) : code;
}

/* A write tells more than a look; a write a minute costs nothing. */
static enum err_code s3_probe(struct store *store, struct err *e)
{
    struct store_s3 *s = self(store);
    pthread_mutex_lock(&s->lock);
    time_t age = time(NULL) - s->probed;
    if (age < 0 || age >= (s->probe_err.code ? PROBE_BAD_S : PROBE_GOOD_S)) {
        struct job job = {.deadline_ns = job_now_ns() + PROBE_MS * INT64_C(1000000)};
        char key[OBJECT_KEY_MAX];
        snprintf(key, sizeof key, "%sprobe", s->prefix);
        err_clear(&s->probe_err);
        if (s3_put_empty(s->client, key, &job, &s->probe_err) == ERR_DEADLINE) {
            err_clear(&s->probe_err);
            err_set(&s->probe_err, ERR_STORE, "The store took no write within %d s.", PROBE_MS / 1000);
        }
        s->probed = time(NULL);
    }
    if (s->probe_err.code)
        err_set(e, ERR_STORE, "%s", s->probe_err.text);
    pthread_mutex_unlock(&s->lock);
    return e->code;
}

static const char *s3_store_origin(const struct store *store)
{
    return s3_origin(((const struct store_s3 *)store)->client);
}

const char *store_s3_relative_key(const struct store *store, const char *bucket, const char *object_key)
{
    const struct store_s3 *s = (const struct store_s3 *)store;
    size_t n = strlen(s->prefix);
    return strcmp(bucket, s->bucket) == 0 && strncmp(object_key, s->prefix, n) == 0 ? object_key + n : NULL;
}

static const struct store_vtable VTABLE = {
    .kind = "s3", .free = s3_free, .stage = s3_stage, .publish = s3_publish, .discard = s3_discard, .url = s3_url,
    .open = s3_open_result, .upload = s3_upload, .fetch = s3_fetch, .origin = s3_store_origin, .probe = s3_probe};

static enum err_code set_up_client(struct store_s3 *s, const struct store_s3_config *config, struct err *e)
{
    struct s3_config c = {.attempts = 6, .backoff_ms = 200, .connect_ms = 3000, .stall_s = 15};
    bool virtual_host = config->virtual_host != 0;
    const char *shown = *config->public_endpoint ? config->public_endpoint : config->endpoint;
    snprintf(c.region, sizeof c.region, "%s", *config->region ? config->region : "us-east-1");
    snprintf(c.bucket, sizeof c.bucket, "%s", s->bucket);
    enum err_code code;
    if ((code = s3_address_make(&c.address, config->endpoint, s->bucket, c.region, virtual_host, e)) ||
        (code = s3_address_make(&c.shown, shown, s->bucket, c.region, virtual_host, e)) ||
        (code = credentials_open(&s->credentials, e)))
        return code;
    return s3_open(&s->client, &c, s->credentials, e);
}

enum err_code store_s3_open(struct store **out, const struct store_s3_config *config, struct err *e)
{
    struct store_s3 *s = calloc(1, sizeof *s);
    if (!s)
        return err_memory(e, "the store");
    s->store.vtable = &VTABLE;
    s->result_url_s = config->result_url_s;
    s->upload_url_s = config->upload_url_s;
    pthread_mutex_init(&s->lock, NULL);
    snprintf(s->tmp_dir, sizeof s->tmp_dir, "%s", config->tmp_dir);
    enum err_code code = s3_address_parse(config->url, s->bucket, s->prefix, e);
    if (!code)
        code = set_up_client(s, config, e);
    if (code)
        s3_free(&s->store);
    else
        *out = &s->store;
    return code;
}

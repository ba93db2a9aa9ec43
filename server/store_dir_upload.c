/* The folder store's upload addresses: /uploads/RANDOM/NAME.tif?expires=…&sig=…, where sig is an
 * HMAC-SHA256 over the key and the time. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server/ids.h"
#include "server/store_dir_impl.h"

enum { UPLOAD_NAME_MAX = 96, COPY_BYTES = 1 << 20 };
static const char prefix[] = "uploads/";

/* --- the secret --- */

/* Reads exactly the secret's bytes. */
static bool read_secret(const char *path, unsigned char secret[STORE_DIR_SECRET_SIZE])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    bool ok = read(fd, secret, STORE_DIR_SECRET_SIZE) == STORE_DIR_SECRET_SIZE;
    close(fd);
    return ok;
}

enum err_code store_dir_secret(struct store_dir *s, struct err *e)
{
    char path[STORE_PATH_MAX], fresh[STORE_PATH_MAX + ID_SIZE], random[ID_SIZE];
    struct err ignored = {0};
    snprintf(path, sizeof path, "%s/.secret", s->root);
    if (read_secret(path, s->secret))
        return ERR_OK;
    if (getrandom(s->secret, sizeof s->secret, 0) != (ssize_t)sizeof s->secret)
        return err_set(e, ERR_INTERNAL, "The system gave no random bytes.");
    enum err_code code = id_random(random, e);
    if (code || store_dir_make(s, ".staging", &ignored))
        return code;
    /* Linked into place whole, so that of several processes that start together all use the first one's. */
    snprintf(fresh, sizeof fresh, "%s/.staging/%s", s->root, random);
    int fd = open(fresh, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return ERR_OK;
    bool whole = write(fd, s->secret, sizeof s->secret) == (ssize_t)sizeof s->secret;
    whole = close(fd) == 0 && whole;
    if (whole && link(fresh, path) && errno == EEXIST)
        read_secret(path, s->secret);
    unlink(fresh);
    return ERR_OK;
}

/* --- addresses --- */

static enum err_code sign(const struct store_dir *s, const char *key, long long expires, char mac[ID_MAC_SIZE],
                          struct err *e)
{
    char text[STORE_KEY_MAX + 64];
    snprintf(text, sizeof text, "PUT\n%s\n%lld", key, expires);
    return id_mac(s->secret, sizeof s->secret, text, mac, e);
}

/* The last part of what the user calls the file, reduced to safe characters, with .tif at its end. */
static void safe_name(const char *given, char out[UPLOAD_NAME_MAX])
{
    const char *slash = strrchr(given, '/'), *back = strrchr(given, '\\');
    const char *name = slash && (!back || slash > back) ? slash + 1 : back ? back + 1 : given;
    size_t n = 0;
    for (const char *c = name; *c && n < UPLOAD_NAME_MAX - 6; c++) {
        bool plain = isalnum((unsigned char)*c) || *c == '-' || *c == '_' || (*c == '.' && n);
        if (plain)
            out[n++] = *c;
        else if (n && out[n - 1] != '_')
            out[n++] = '_';
    }
    out[n] = 0;
    char *dot = strrchr(out, '.');
    if (dot && (strcasecmp(dot, ".tif") == 0 || strcasecmp(dot, ".tiff") == 0))
        *dot = 0;
    if (!out[0])
        memcpy(out, "scan", 5);
    strcat(out, ".tif");
}

enum err_code store_dir_upload(struct store *store, const char *file_name, struct store_upload *out, struct err *e)
{
    const struct store_dir *s = (const struct store_dir *)store;
    char random[ID_SIZE], mac[ID_MAC_SIZE], name[UPLOAD_NAME_MAX];
    memset(out, 0, sizeof *out);
    enum err_code code = id_random(random, e);
    if (code)
        return code;
    safe_name(file_name, name);
    snprintf(out->key, sizeof out->key, "%s%s/%s", prefix, random, name);
    out->expires = (long long)time(NULL) + s->upload_url_s;
    code = sign(s, out->key, out->expires, mac, e);
    if (code)
        return code;
    snprintf(out->url, sizeof out->url, "%s/%s?expires=%lld&sig=%s", s->public_url, out->key, out->expires, mac);
    snprintf(out->headers[0][0], sizeof out->headers[0][0], "Content-Type");
    snprintf(out->headers[0][1], sizeof out->headers[0][1], "image/tiff");
    out->n_headers = 1;
    return ERR_OK;
}

/* Whether `key` is uploads/RANDOM/NAME and nothing else, so that no path leaves the folder. */
static bool is_key(const char *key)
{
    char random[ID_SIZE];
    if (strncmp(key, prefix, sizeof prefix - 1) != 0)
        return false;
    key += sizeof prefix - 1;
    size_t n = strcspn(key, "/");
    if (n != ID_SIZE - 1 || key[n] != '/')
        return false;
    memcpy(random, key, n);
    random[n] = 0;
    return strspn(random, "0123456789abcdef") == n && id_is_safe(key + n + 1, UPLOAD_NAME_MAX);
}

/* --- coming in --- */

struct store_dir_upload {
    const struct store_dir *store;
    char key[STORE_KEY_MAX];
    char temporary[STORE_PATH_MAX];
    int fd;
};

static enum err_code check_address(const struct store_dir *s, const char *key, const char *expires,
                                   const char *signature, struct err *e)
{
    char mac[ID_MAC_SIZE];
    if (!is_key(key))
        return err_set(e, ERR_NOT_FOUND, "This is no upload address; POST /uploads gives one.");
    if (!expires || !signature || strspn(expires, "0123456789") != strlen(expires) || strlen(expires) > 15)
        return err_set(e, ERR_FORBIDDEN, "The upload address is not signed; POST /uploads gives one.");
    long long when = strtoll(expires, NULL, 10);
    enum err_code code = sign(s, key, when, mac, e);
    if (code)
        return code;
    if (!id_equal(mac, signature))
        return err_set(e, ERR_FORBIDDEN, "The upload address's signature is wrong.");
    if (when < (long long)time(NULL))
        return err_set(e, ERR_GONE, "The upload address has expired; POST /uploads gives another.");
    return ERR_OK;
}

enum err_code store_dir_upload_begin(struct store_dir_upload **out, struct store *store, const char *key,
                                     const char *expires, const char *signature, struct err *e)
{
    const struct store_dir *s = (const struct store_dir *)store;
    char random[ID_SIZE];
    enum err_code code = check_address(s, key, expires, signature, e);
    if (!code)
        code = id_random(random, e);
    if (!code)
        code = store_dir_make(s, ".staging", e);
    if (code)
        return code;
    struct store_dir_upload *upload = calloc(1, sizeof *upload);
    if (!upload)
        return err_memory(e, "the upload");
    upload->store = s;
    snprintf(upload->key, sizeof upload->key, "%s", key);
    snprintf(upload->temporary, sizeof upload->temporary, "%s/.staging/upload-%s", s->root, random);
    upload->fd = open(upload->temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (upload->fd < 0) {
        code = store_dir_error(e, "take the upload");
        upload->temporary[0] = 0;
        store_dir_upload_free(upload);
        return code;
    }
    *out = upload;
    return ERR_OK;
}

static enum err_code write_all(int fd, const char *bytes, size_t n, struct err *e)
{
    while (n) {
        ssize_t written = write(fd, bytes, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return store_dir_error(e, "write the scan");
        bytes += written;
        n -= (size_t)written;
    }
    return ERR_OK;
}

enum err_code store_dir_upload_write(struct store_dir_upload *upload, const void *bytes, size_t n, struct err *e)
{
    return write_all(upload->fd, bytes, n, e);
}

enum err_code store_dir_upload_end(struct store_dir_upload *upload, struct err *e)
{
    char final[STORE_PATH_MAX + STORE_KEY_MAX], folder[STORE_KEY_MAX];
    snprintf(final, sizeof final, "%s/%s", upload->store->root, upload->key);
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(upload->key, '/') - upload->key), upload->key);
    if (fsync(upload->fd))
        return store_dir_error(e, "write the scan to the disk");
    enum err_code code = store_dir_make(upload->store, "uploads", e);
    if (!code)
        code = store_dir_make(upload->store, folder, e);
    if (!code && rename(upload->temporary, final))
        code = store_dir_error(e, "put the scan in its place");
    if (!code)
        upload->temporary[0] = 0;
    return code;
}

void store_dir_upload_free(struct store_dir_upload *upload)
{
    if (!upload)
        return;
    if (upload->fd >= 0)
        close(upload->fd);
    if (upload->temporary[0])
        unlink(upload->temporary);
    free(upload);
}

/* --- going out, to the pipeline --- */

static enum err_code copy(int from, int to, const struct job *job, struct err *e)
{
    char *buffer = malloc(COPY_BYTES);
    if (!buffer)
        return err_memory(e, "copying the scan");
    enum err_code code = ERR_OK;
    while (!code) {
        ssize_t n = read(from, buffer, COPY_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            code = store_dir_error(e, "read the scan");
        if (n <= 0)
            break;
        code = write_all(to, buffer, (size_t)n, e);
        if (!code)
            code = job_check(job, e);
    }
    free(buffer);
    return code;
}

enum err_code store_dir_fetch(struct store *store, const char *key, const char *to_path, unsigned long long max_bytes,
                              const struct job *job, struct err *e)
{
    const struct store_dir *s = (const struct store_dir *)store;
    char path[STORE_PATH_MAX + STORE_KEY_MAX];
    struct stat info;
    enum err_code code = ERR_OK;
    int from = -1, to = -1;
    if (!is_key(key))
        return err_field(e, ERR_FORBIDDEN, "key", "The key is not one that POST /uploads gives out.");
    snprintf(path, sizeof path, "%s/%s", s->root, key);
    from = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (from < 0 || fstat(from, &info) || !S_ISREG(info.st_mode))
        code = err_field(e, ERR_NOT_FOUND, "key", "No scan has been put there yet, or it was removed.");
    else if ((unsigned long long)info.st_size > max_bytes)
        code = err_field(e, ERR_TOO_LARGE, "key", "The scan is over the limit of %.6g MB.", (double)max_bytes / 1e6);
    if (!code) {
        to = open(to_path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
        code = to < 0 ? store_dir_error(e, "make a temporary file") : copy(from, to, job, e);
    }
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    if (code && to >= 0)
        unlink(to_path);
    return code;
}

#include "server/events_scan.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "server/ids.h"

enum { SIDECAR_MAX = 1 << 20, SIDECAR_KEY_MAX = STORE_KEY_MAX + 8, PUMP = 1 << 16, STEM_MAX = 24, HASH_SIZE = 65 };

bool events_scan_is_tiff(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot && (strcasecmp(dot, ".tif") == 0 || strcasecmp(dot, ".tiff") == 0);
}

static enum err_code fetch(const struct events_scan *scan, const char *key, unsigned long long max,
                           const struct job *job, struct spool *out, struct err *e)
{
    char path[CONFIG_TEXT_MAX + 64];
    struct store *store = scan->server->store;
    enum err_code code = spool_name(scan->server->config.tmp_dir, path, sizeof path, e);
    if (!code)
        code = store->vtable->fetch(store, key, path, max, job, e);
    return code ? code : spool_adopt(out, path, e);
}

static void sidecar_key(const struct events_scan *scan, char key[SIDECAR_KEY_MAX])
{
    snprintf(key, SIDECAR_KEY_MAX, "%.*s.json", (int)(strrchr(scan->key, '.') - scan->key), scan->key);
}

/* The sidecar's text, from malloc; "{}" when there is none. */
static enum err_code read_sidecar(const struct events_scan *scan, const struct job *job, char **text, struct err *e)
{
    char key[SIDECAR_KEY_MAX];
    struct spool file = SPOOL_NONE;
    sidecar_key(scan, key);
    enum err_code code = fetch(scan, key, SIDECAR_MAX, job, &file, e);
    if (code == ERR_NOT_FOUND || code == ERR_GONE) {
        err_clear(e);
        *text = strdup("{}");
        return *text ? ERR_OK : err_memory(e, "the sidecar");
    }
    if (code)
        return code;
    *text = calloc(1, file.size + 1);
    if (!*text)
        code = err_memory(e, "the sidecar");
    else if (pread(file.fd, *text, file.size, 0) != (ssize_t)file.size)
        code = err_set(e, ERR_INTERNAL, "The sidecar %s cannot be read.", key);
    spool_close(&file);
    return code;
}

static enum err_code parse_sidecar(const struct events_scan *scan, const char *text, struct digitize_options *options,
                                   struct err *e)
{
    char key[SIDECAR_KEY_MAX];
    enum err_code code = fields_parse_json(text, strlen(text), options, e);
    if (!code)
        code = digitize_check(options, e);
    if (!code && options->key[0])
        code = err_field(e, ERR_INVALID, "key", "The scan is the one beside it: key has no place there.");
    if (!code)
        return ERR_OK;
    struct err inner = *e;
    err_clear(e);
    sidecar_key(scan, key);
    return err_set(e, code, "In %s: %s", key, inner.text);
}

static enum err_code hash_scan(const struct spool *file, char hex[HASH_SIZE], struct err *e)
{
    enum err_code code = ERR_OK;
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    char *data = malloc(PUMP);
    if (!md || !data || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1) {
        code = err_memory(e, "the scan's checksum");
        goto out;
    }
    for (unsigned long long at = 0; at < file->size;) {
        ssize_t n = pread(file->fd, data, PUMP, (off_t)at);
        if (n <= 0 || EVP_DigestUpdate(md, data, (size_t)n) != 1) {
            code = err_set(e, ERR_INTERNAL, "The scan cannot be read: %s.", strerror(errno));
            goto out;
        }
        at += (unsigned long long)n;
    }
    EVP_DigestFinal_ex(md, digest, NULL);
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
out:
    free(data);
    EVP_MD_CTX_free(md);
    return code;
}

/* The scan's name, as far as it is plain, before a digest of all that the result follows from. */
static enum err_code choose_id(struct events_scan *scan, const char *scan_hash, const char *settings,
                               const char *model_hash, struct err *e)
{
    char *text = NULL, digest[ID_SIZE], stem[STEM_MAX + 1];
    if (asprintf(&text, "%s\n%s\n%s", scan_hash, model_hash, settings) < 0)
        return err_memory(e, "the result's id");
    enum err_code code = id_derived("", text, digest, e);
    free(text);
    const char *slash = strrchr(scan->key, '/'), *name = slash ? slash + 1 : scan->key;
    snprintf(stem, sizeof stem, "%.*s", (int)(strrchr(name, '.') - name), name);
    for (char *c = stem; *c; c++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", *c))
            *c = '-';
    if (!code)
        snprintf(scan->id, sizeof scan->id, "%s-%s", *stem ? stem : "scan", digest);
    return code;
}

static enum err_code get_model_hash(const struct events_scan *scan, const char *name, const struct job *job,
                                    char hash[HASH_SIZE], struct err *e)
{
    struct model *model;
    double seconds;
    enum err_code code = models_acquire(scan->server->models, name, job, &model, &seconds, e);
    if (code)
        return code;
    snprintf(hash, HASH_SIZE, "%s", curvenet_info(model_net(model))->sha256);
    model_release(model);
    return ERR_OK;
}

/* Whether the announcement of the scan's result is stored. */
static enum err_code look_for_result(struct events_scan *scan, struct err *e)
{
    int fd;
    struct err missing = {0};
    struct store *store = scan->server->store;
    enum err_code code = store->vtable->open(store, scan->id, "result.json", &fd, &missing);
    scan->skipped = !code;
    if (!code)
        close(fd);
    return code && code != ERR_NOT_FOUND ? err_set(e, code, "%s", missing.text) : ERR_OK;
}

static enum err_code digitize(struct events_scan *scan, struct digitize_input *input, const struct job *job,
                              struct err *e)
{
    struct digitize_output output;
    snprintf(input->id, sizeof input->id, "%s", scan->id);
    input->started_ns = input->queued_ns = scan->started_ns;
    const char *slash = strrchr(scan->key, '/');
    if (!input->options.scan_name[0])
        snprintf(input->options.scan_name, sizeof input->options.scan_name, "%.250s", slash ? slash + 1 : scan->key);
    input->options.format = FORMAT_JSON;
    enum err_code code = digitize_run(scan->server, input, job, &output, e);
    digitize_output_clear(&output);
    return code;
}

static enum err_code run(void *ctx, const struct job *job, struct err *e)
{
    struct events_scan *scan = ctx;
    char scan_hash[HASH_SIZE], model_hash[HASH_SIZE], *settings = NULL;
    struct digitize_input input;
    unsigned long long max = (unsigned long long)(scan->server->config.max_scan_mb * 1e6);
    enum err_code code;

    scan->started_ns = job_now_ns();
    digitize_input_init(&input);
    if ((code = read_sidecar(scan, job, &settings, e)) ||
        (code = parse_sidecar(scan, settings, &input.options, e)) ||
        (code = fetch(scan, scan->key, max, job, &input.scan, e)) ||
        (code = hash_scan(&input.scan, scan_hash, e)) ||
        (code = get_model_hash(scan, input.options.model, job, model_hash, e)) ||
        (code = choose_id(scan, scan_hash, settings, model_hash, e)) ||
        (code = look_for_result(scan, e)))
        goto out;
    if (!scan->skipped)
        code = digitize(scan, &input, job, e);
out:
    scan->seconds = (double)(job_now_ns() - scan->started_ns) / 1e9;
    free(settings);
    digitize_input_clear(&input);
    return code;
}

struct work events_scan_work(struct events_scan *scan)
{
    return (struct work){.run = run, .free = free, .ctx = scan};
}

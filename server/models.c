#include "server/models.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "server/ids.h"
#include "server/models_state.h"

/* A refused file is read again after this, should the cause have been the mount and not the file. */
enum { RETRY_SECONDS = 15 };

static bool same_file(const struct file_id *a, const struct file_id *b)
{
    return a->size == b->size && a->inode == b->inode && a->seconds == b->seconds && a->nanoseconds == b->nanoseconds;
}

static bool identify(const struct models *models, const char *name, struct file_id *id)
{
    char path[MODELS_PATH_MAX];
    struct stat s;
    snprintf(path, sizeof path, "%s/%s.safetensors", models->dir, name);
    if (stat(path, &s) || !S_ISREG(s.st_mode))
        return false;
    *id = (struct file_id){s.st_size, (unsigned long long)s.st_ino, s.st_mtim.tv_sec, s.st_mtim.tv_nsec};
    return true;
}

enum err_code models_create(struct models **out, const char *dir, const char *default_name, int threads,
                            const struct log *log, struct err *e)
{
    struct models *models = calloc(1, sizeof *models);
    if (!models)
        return err_memory(e, "the table of models");
    pthread_mutex_init(&models->mutex, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&models->loaded, &monotonic);
    pthread_condattr_destroy(&monotonic);
    snprintf(models->dir, sizeof models->dir, "%s", dir);
    snprintf(models->default_name, sizeof models->default_name, "%s", default_name);
    models->threads = threads;
    models->log = log;
    *out = models;
    return ERR_OK;
}

void models_free(struct models *models)
{
    if (!models)
        return;
    for (struct models_entry *entry = models->entries, *next; entry; entry = next) {
        next = entry->next;
        if (entry->current)
            model_release(entry->current);
        free(entry);
    }
    pthread_cond_destroy(&models->loaded);
    pthread_mutex_destroy(&models->mutex);
    free(models);
}

struct models_entry *models_find(struct models *models, const char *name)
{
    for (struct models_entry *entry = models->entries; entry; entry = entry->next)
        if (strcmp(entry->name, name) == 0)
            return entry;
    return NULL;
}

/* Finds or makes the entry; an entry is made only for a file that is there, or for the default. */
static enum err_code entry_for(struct models *models, const char *name, bool there, struct models_entry **out,
                               struct err *e)
{
    *out = models_find(models, name);
    if (*out)
        return ERR_OK;
    if (!there && strcmp(name, models->default_name) != 0)
        return err_field(e, ERR_INVALID, "model", "There is no model named \"%s\"; GET /models lists them.", name);
    struct models_entry *entry = calloc(1, sizeof *entry);
    if (!entry)
        return err_memory(e, "a model's entry");
    snprintf(entry->name, sizeof entry->name, "%s", name);
    entry->next = models->entries;
    models->entries = entry;
    *out = entry;
    return ERR_OK;
}

static void note_failure(struct models *models, struct models_entry *entry, const struct file_id *id, const char *reason)
{
    bool news = !entry->failed || strcmp(entry->reason, reason) != 0;
    entry->failed = true;
    entry->failed_id = *id;
    entry->failed_ns = job_now_ns();
    snprintf(entry->reason, sizeof entry->reason, "%s", reason);
    if (news)
        log_text(models->log, LOG_ERROR, "model %s refused%s: %s", entry->name,
                 entry->current ? ", the one in use stays" : "", reason);
}

/* Reads the file without the lock, which is held again on return.  The model in use, if any, stays in use
 * while that lasts. */
static enum err_code load(struct models *models, struct models_entry *entry, const struct file_id *id, struct err *e)
{
    char path[MODELS_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s.safetensors", models->dir, entry->name);
    entry->loading = true;
    pthread_mutex_unlock(&models->mutex);
    struct curvenet *net = NULL;
    struct model *model = calloc(1, sizeof *model);
    enum err_code code = model ? curvenet_load(&net, path, models->threads, e) : err_memory(e, "a model");
    pthread_mutex_lock(&models->mutex);
    entry->loading = false;
    if (code) {
        /* For want of memory the file is not to blame: the next request reads it again. */
        static const struct file_id none;
        note_failure(models, entry, code == ERR_NO_MEMORY ? &none : id, e->text);
        free(model);
    } else {
        struct model *old = entry->current;
        *model = (struct model){.net = net, .id = *id};
        atomic_init(&model->holders, 1);
        snprintf(model->name, sizeof model->name, "%s", entry->name);
        entry->current = model;
        entry->failed = false;
        const struct curvenet_info *info = curvenet_info(net);
        log_text(models->log, LOG_INFO, "model %s %s: sha256 %s, %.1f MB in %.3f s", entry->name,
                 old ? "replaced" : "loaded", info->sha256, (double)info->bytes / 1e6, info->load_seconds);
        if (old)
            model_release(old);
    }
    pthread_cond_broadcast(&models->loaded);
    return code;
}

/* Waits, with the lock, until the entry is not being read. */
static enum err_code await(struct models *models, struct models_entry *entry, const struct job *job, struct err *e)
{
    while (entry->loading && !entry->current) {
        enum err_code code = job_check(job, e);
        if (code)
            return code;
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += 1;
        pthread_cond_timedwait(&models->loaded, &models->mutex, &until);
    }
    return ERR_OK;
}

/* Whether the file must be read now. */
static bool must_load(const struct models_entry *entry, const struct file_id *id)
{
    if (entry->loading || (entry->current && same_file(&entry->current->id, id)))
        return false;
    bool known_bad = entry->failed && same_file(&entry->failed_id, id);
    return !known_bad || job_now_ns() - entry->failed_ns > (int64_t)RETRY_SECONDS * 1000000000;
}

/* With the lock held: makes entry->current the best that there is. */
static enum err_code refresh(struct models *models, struct models_entry *entry, bool there, const struct file_id *id,
                             const struct job *job, struct err *e)
{
    enum err_code code = await(models, entry, job, e);
    if (code)
        return code;
    if (!there) {
        char reason[MODELS_PATH_MAX + 64];
        snprintf(reason, sizeof reason, "There is no checkpoint %s/%s.safetensors.", models->dir, entry->name);
        note_failure(models, entry, id, reason);
    } else if (must_load(entry, id)) {
        struct err why = {0};
        load(models, entry, id, &why);
    } else if (entry->current && same_file(&entry->current->id, id)) {
        entry->failed = false;   /* a bad replacement was taken back */
    }
    if (!entry->current)
        return err_set(e, ERR_UNAVAILABLE, "The model %s cannot be used: %s", entry->name, entry->reason);
    return ERR_OK;
}

enum err_code models_acquire(struct models *models, const char *name, const struct job *job, struct model **out,
                             double *load_seconds, struct err *e)
{
    *load_seconds = 0;
    if (!*name)
        name = models->default_name;
    if (!id_is_safe(name, MODELS_NAME_MAX))
        return err_field(e, ERR_INVALID, "model",
                         "A model's name is 1 to 63 letters, digits, dots, dashes or underscores.");
    int64_t begin = job_now_ns();
    struct file_id id = {0};
    bool there = identify(models, name, &id);
    struct models_entry *entry;
    pthread_mutex_lock(&models->mutex);
    enum err_code code = entry_for(models, name, there, &entry, e);
    if (!code) {
        const struct model *before = entry->current;
        code = refresh(models, entry, there, &id, job, e);
        if (!code) {
            *out = entry->current;
            atomic_fetch_add(&entry->current->holders, 1);
            if (entry->current != before)
                *load_seconds = (double)(job_now_ns() - begin) / 1e9;
        }
    }
    pthread_mutex_unlock(&models->mutex);
    return code;
}

void model_release(struct model *model)
{
    if (atomic_fetch_sub(&model->holders, 1) == 1) {
        curvenet_free(model->net);
        free(model);
    }
}

const struct curvenet *model_net(const struct model *model)
{
    return model->net;
}

const char *model_name(const struct model *model)
{
    return model->name;
}

void models_default_state(struct models *models, struct models_state *state)
{
    struct file_id id = {0};
    bool there = identify(models, models->default_name, &id);
    memset(state, 0, sizeof *state);
    pthread_mutex_lock(&models->mutex);
    const struct models_entry *entry = models_find(models, models->default_name);
    state->loaded = entry && entry->current;
    /* A file that has changed since it was refused gets its chance with the next request. */
    if (entry && entry->failed && (!there || same_file(&entry->failed_id, &id))) {
        state->failed = true;
        snprintf(state->reason, sizeof state->reason, "%s", entry->reason);
    } else if (!there) {
        snprintf(state->reason, sizeof state->reason, "There is no checkpoint %s.safetensors in WEIGHTS_DIR.",
                 models->default_name);
    }
    pthread_mutex_unlock(&models->mutex);
}

unsigned long long models_bytes(struct models *models)
{
    unsigned long long bytes = 0;
    pthread_mutex_lock(&models->mutex);
    for (const struct models_entry *entry = models->entries; entry; entry = entry->next)
        if (entry->current)
            bytes += curvenet_info(entry->current->net)->bytes;
    pthread_mutex_unlock(&models->mutex);
    return bytes;
}

/* GET /models: the checkpoints on the mount, and what is known of them. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "server/ids.h"
#include "server/models_state.h"

enum { LIST_MAX = 1000 };
static const char suffix[] = ".safetensors";

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether `file` is NAME.safetensors; writes NAME. */
static bool name_of(const char *file, char name[MODELS_NAME_MAX])
{
    size_t n = strlen(file), tail = sizeof suffix - 1;
    if (n <= tail || n - tail >= MODELS_NAME_MAX || strcmp(file + n - tail, suffix) != 0)
        return false;
    memcpy(name, file, n - tail);
    name[n - tail] = 0;
    return id_is_safe(name, MODELS_NAME_MAX);
}

static void free_names(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

/* The names on the mount, sorted.  *out and its strings are the caller's. */
static enum err_code names_in(const char *path, char ***out, size_t *n, struct err *e)
{
    enum err_code code = ERR_OK;
    *n = 0;
    DIR *dir = opendir(path);
    *out = calloc(LIST_MAX, sizeof **out);
    if (!*out)
        code = err_memory(e, "the list of models");
    else if (!dir)
        code = err_set(e, ERR_UNAVAILABLE, "The folder of checkpoints cannot be read: %s.", strerror(errno));
    char name[MODELS_NAME_MAX];
    for (const struct dirent *d; !code && *n < LIST_MAX && (d = readdir(dir));) {
        if (!name_of(d->d_name, name))
            continue;
        (*out)[*n] = strdup(name);
        if (!(*out)[*n])
            code = err_memory(e, "the list of models");
        else
            ++*n;
    }
    if (dir)
        closedir(dir);
    if (code) {
        free_names(*out, *n);
        *out = NULL;
        *n = 0;
        return code;
    }
    qsort(*out, *n, sizeof **out, by_name);
    return ERR_OK;
}

static bool add_info(cJSON *json, const struct curvenet_info *info)
{
    bool ok = cJSON_AddStringToObject(json, "sha256", info->sha256) && cJSON_AddStringToObject(json, "title", info->name) &&
              cJSON_AddNumberToObject(json, "dim", info->dim) && cJSON_AddNumberToObject(json, "stages", info->stages) &&
              cJSON_AddNumberToObject(json, "attention_layers", info->attention_layers) &&
              cJSON_AddNumberToObject(json, "heads", info->heads) && cJSON_AddNumberToObject(json, "mlp", info->mlp) &&
              cJSON_AddNumberToObject(json, "max_rows", info->max_rows) && cJSON_AddNumberToObject(json, "dpi", info->dpi) &&
              cJSON_AddStringToObject(json, "head", info->head == HEAD_FULL ? "full" : "subpixel") &&
              cJSON_AddNumberToObject(json, "load_ms", (double)(long long)(info->load_seconds * 1e4) / 10);
    cJSON *classes = cJSON_AddArrayToObject(json, "classes");
    for (int i = 0; ok && i < info->classes; i++) {
        cJSON *item = classes ? cJSON_CreateString(info->class_name[i]) : NULL;
        ok = item && cJSON_AddItemToArray(classes, item);
    }
    return ok;
}

/* Adds {"name","bytes","modified","loaded",…}. */
static bool add_model(struct models *models, cJSON *list, const char *name)
{
    char path[MODELS_PATH_MAX], modified[32] = "";
    struct stat s;
    snprintf(path, sizeof path, "%s/%s%s", models->dir, name, suffix);
    bool there = stat(path, &s) == 0;
    cJSON *json = cJSON_CreateObject();
    if (!json || !cJSON_AddItemToArray(list, json)) {
        cJSON_Delete(json);
        return false;
    }
    bool ok = cJSON_AddStringToObject(json, "name", name) != NULL;
    if (there) {
        struct tm utc;
        strftime(modified, sizeof modified, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&s.st_mtime, &utc));
        ok = ok && cJSON_AddNumberToObject(json, "bytes", (double)s.st_size) &&
             cJSON_AddStringToObject(json, "modified", modified);
    }
    pthread_mutex_lock(&models->mutex);
    const struct models_entry *entry = models_find(models, name);
    const struct model *current = entry ? entry->current : NULL;
    ok = ok && cJSON_AddBoolToObject(json, "loaded", current != NULL) && (!current || add_info(json, curvenet_info(current->net)));
    if (entry && entry->failed)
        ok = ok && cJSON_AddStringToObject(json, "error", entry->reason);
    pthread_mutex_unlock(&models->mutex);
    return ok;
}

enum err_code models_list(struct models *models, cJSON **out, struct err *e)
{
    char **names = NULL;
    size_t n = 0;
    enum err_code code = names_in(models->dir, &names, &n, e);
    if (code)
        return code;
    *out = cJSON_CreateObject();
    bool ok = *out && cJSON_AddStringToObject(*out, "default", models->default_name);
    cJSON *list = ok ? cJSON_AddArrayToObject(*out, "models") : NULL;
    ok = list != NULL;
    for (size_t i = 0; ok && i < n; i++)
        ok = add_model(models, list, names[i]);
    if (!ok) {
        cJSON_Delete(*out);
        *out = NULL;
        code = err_memory(e, "the list of models");
    }
    free_names(names, n);
    return code;
}

#include "nn/metadata.h"

#include <cjson/cJSON.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "nn/checkpoint.h"

enum { MIN_WINDOW = 256, MAX_WINDOW = 1 << 17, MAX_DPI = 2400, MAX_CORRECTOR = 1024 };

/* Whether the item is a whole number lo..hi that is a multiple of `step`: *out. */
static bool whole(const cJSON *item, int lo, int hi, int step, int *out)
{
    double v = cJSON_IsNumber(item) ? item->valuedouble : -1;
    if (!(v >= lo && v <= hi) || v != (int)v || (int)v % step)
        return false;
    *out = (int)v;
    return true;
}

static enum err_code number(const cJSON *about, const char *key, int lo, int hi, int step, int *out, struct err *e)
{
    if (!whole(cJSON_GetObjectItemCaseSensitive(about, key), lo, hi, step, out))
        return err_set(e, ERR_UNAVAILABLE,
                       "The checkpoint's metadata field %s must be a whole number from %d to %d, a multiple of %d.",
                       key, lo, hi, step);
    return ERR_OK;
}

static enum err_code parse_sizes(struct curvenet_info *info, const cJSON *about, struct err *e)
{
    int version;
    enum err_code code = ERR_OK;
    if ((code = number(about, "version", 1, 1, 1, &version, e)) ||
        (code = number(about, "dim", 16, CHECKPOINT_MAX_DIM, 16, &info->dim, e)) ||
        (code = number(about, "stages", 5, 5, 1, &info->stages, e)) ||
        (code = number(about, "attention_layers", 0, CHECKPOINT_MAX_ATTENTION_LAYERS, 1, &info->attention_layers,
                       e)) ||
        (code = number(about, "heads", 1, 256, 1, &info->heads, e)) ||
        (code = number(about, "mlp", 16, CHECKPOINT_MAX_MLP, 16, &info->mlp, e)) ||
        (code = number(about, "max_rows", MIN_WINDOW, MAX_WINDOW, 32, &info->max_rows, e)) ||
        (code = number(about, "dpi", 1, MAX_DPI, 1, &info->dpi, e)))
        return code;
    if (info->dim % info->heads)
        return err_set(e, ERR_UNAVAILABLE, "The checkpoint's metadata field heads must divide dim.");
    return ERR_OK;
}

static enum err_code parse_classes(struct curvenet_info *info, const cJSON *about, struct err *e)
{
    const cJSON *classes = cJSON_GetObjectItemCaseSensitive(about, "classes");
    int n = cJSON_IsArray(classes) ? cJSON_GetArraySize(classes) : 0;
    if (n < 1 || n > CURVENET_MAX_CLASSES)
        return err_set(e, ERR_UNAVAILABLE, "The checkpoint's metadata field classes must name 1 to %d classes.",
                       CURVENET_MAX_CLASSES);
    const cJSON *item;
    cJSON_ArrayForEach(item, classes) {
        const char *name = cJSON_GetStringValue(item);
        size_t length = name ? strlen(name) : 0;
        if (length < 1 || length >= sizeof info->class_name[0])
            return err_set(e, ERR_UNAVAILABLE, "A class name in the checkpoint's metadata is not 1 to 15 letters long.");
        memcpy(info->class_name[info->classes++], name, length + 1);
    }
    return ERR_OK;
}

/* A checkpoint need not have a corrector. */
static enum err_code parse_corrector(struct curvenet_info *info, const cJSON *about, struct err *e)
{
    const cJSON *hidden = cJSON_GetObjectItemCaseSensitive(about, "corrector");
    if (!hidden)
        return ERR_OK;
    if (cJSON_GetArraySize(hidden) != 2 ||
        !whole(cJSON_GetArrayItem(hidden, 0), 16, MAX_CORRECTOR, 16, &info->corrector[0]) ||
        !whole(cJSON_GetArrayItem(hidden, 1), 16, MAX_CORRECTOR, 16, &info->corrector[1]))
        return err_set(e, ERR_UNAVAILABLE,
                       "The checkpoint's metadata field corrector must be two multiples of 16 up to %d.", MAX_CORRECTOR);
    return ERR_OK;
}

static enum err_code parse_checksum(struct curvenet_info *info, const struct safetensors *file, struct err *e)
{
    const char *sha256 = safetensors_metadata(file, "sha256");
    if (!sha256 || strlen(sha256) != 64 || strspn(sha256, "0123456789abcdef") != 64)
        return err_set(e, ERR_UNAVAILABLE, "The checkpoint's metadata field sha256 is missing or is not a checksum.");
    memcpy(info->sha256, sha256, 65);
    return ERR_OK;
}

enum err_code metadata_parse(struct curvenet_info *info, const struct safetensors *file, struct err *e)
{
    memset(info, 0, sizeof *info);
    info->bytes = file->file_bytes;
    enum err_code code = parse_checksum(info, file, e);
    if (code)
        return code;
    const char *text = safetensors_metadata(file, "curvenet");
    cJSON *about = text ? cJSON_Parse(text) : NULL;
    if (!cJSON_IsObject(about)) {
        cJSON_Delete(about);
        return err_set(e, ERR_UNAVAILABLE, "The checkpoint's metadata field curvenet is missing or is not JSON.");
    }
    const char *head = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(about, "head"));
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(about, "name"));
    snprintf(info->name, sizeof info->name, "%s", name ? name : "");
    if (head && strcmp(head, "full") == 0)
        info->head = HEAD_FULL;
    else if (head && strcmp(head, "subpixel") == 0)
        info->head = HEAD_SUBPIXEL;
    else
        code = err_set(e, ERR_UNAVAILABLE, "The checkpoint's metadata field head must be full or subpixel.");
    if (!code)
        code = parse_sizes(info, about, e);
    if (!code)
        code = parse_classes(info, about, e);
    if (!code)
        code = parse_corrector(info, about, e);
    cJSON_Delete(about);
    return code;
}

#include "nn/safetensors.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/size.h"

enum { MAX_HEADER = 16 << 20, ALIGNMENT = 64 };

static enum err_code refuse(struct err *e, const char *name, const char *why)
{
    return err_set(e, ERR_UNAVAILABLE, "The checkpoint's tensor %.80s %s.", name, why);
}

/* A JSON number that is a whole number a size_t and a double both hold. */
static bool whole(const cJSON *item, size_t *out)
{
    double v = item && cJSON_IsNumber(item) ? item->valuedouble : -1;
    if (!(v >= 0 && v <= 9007199254740991.0) || v != floor(v))
        return false;
    *out = (size_t)v;
    return true;
}

static enum err_code parse_shape(struct safetensors_tensor *t, const cJSON *shape, struct err *e)
{
    if (!cJSON_IsArray(shape) || cJSON_GetArraySize(shape) > SAFETENSORS_MAX_RANK)
        return refuse(e, t->name, "has no shape of at most four dimensions");
    t->elements = 1;
    const cJSON *d;
    cJSON_ArrayForEach(d, shape) {
        size_t n;
        if (!whole(d, &n) || !size_mul(t->elements, n, &t->elements))
            return refuse(e, t->name, "has an impossible shape");
        t->shape[t->rank++] = n;
    }
    return ERR_OK;
}

static enum err_code parse_tensor(struct safetensors_tensor *t, const cJSON *item, size_t data_bytes, struct err *e)
{
    t->name = item->string;
    const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(item, "dtype");
    if (!cJSON_IsString(dtype) || strcmp(dtype->valuestring, "F32") != 0)
        return refuse(e, t->name, "is not of type F32");
    enum err_code code = parse_shape(t, cJSON_GetObjectItemCaseSensitive(item, "shape"), e);
    if (code)
        return code;
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(item, "data_offsets");
    size_t begin, end, bytes;
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 || !whole(offsets->child, &begin) ||
        !whole(offsets->child->next, &end))
        return refuse(e, t->name, "has no pair of data offsets");
    if (end > data_bytes)
        return refuse(e, t->name, "lies beyond the end of the file, which is truncated");
    if (begin % sizeof(float) || !size_mul(t->elements, sizeof(float), &bytes) || begin > end || end - begin != bytes)
        return refuse(e, t->name, "has data offsets that do not fit its shape");
    t->offset = begin;
    return ERR_OK;
}

static int by_offset(const void *a, const void *b)
{
    const struct safetensors_tensor *x = a, *y = b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return (x->elements > y->elements) - (x->elements < y->elements);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct safetensors_tensor *)a)->name, ((const struct safetensors_tensor *)b)->name);
}

/* Every byte of the data section belongs to exactly one tensor, and every name is there once. */
static enum err_code check_layout(struct safetensors *st, struct err *e)
{
    size_t at = 0;
    qsort(st->tensors, st->count, sizeof *st->tensors, by_offset);
    for (size_t i = 0; i < st->count; i++) {
        if (st->tensors[i].offset < at)
            return refuse(e, st->tensors[i].name, "overlaps another");
        if (st->tensors[i].offset > at)
            return refuse(e, st->tensors[i].name, "is preceded by bytes that belong to no tensor");
        at += st->tensors[i].elements * sizeof(float);
    }
    if (at != st->data_bytes)
        return err_set(e, ERR_UNAVAILABLE, "The checkpoint ends with bytes that belong to no tensor.");
    qsort(st->tensors, st->count, sizeof *st->tensors, by_name);
    for (size_t i = 1; i < st->count; i++)
        if (strcmp(st->tensors[i - 1].name, st->tensors[i].name) == 0)
            return refuse(e, st->tensors[i].name, "is there twice");
    return ERR_OK;
}

static enum err_code parse_header(struct safetensors *st, struct err *e)
{
    size_t entries = (size_t)cJSON_GetArraySize(st->header);
    st->tensors = calloc(entries ? entries : 1, sizeof *st->tensors);
    if (!st->tensors)
        return err_memory(e, "the checkpoint's header");
    const cJSON *item;
    cJSON_ArrayForEach(item, st->header) {
        if (strcmp(item->string, "__metadata__") == 0) {
            if (st->metadata)
                return err_set(e, ERR_UNAVAILABLE, "The checkpoint has two sets of metadata.");
            st->metadata = item;
            continue;
        }
        enum err_code code = parse_tensor(&st->tensors[st->count], item, st->data_bytes, e);
        if (code)
            return code;
        st->count++;
    }
    return check_layout(st, e);
}

static enum err_code read_header(struct safetensors *st, int fd, struct err *e)
{
    unsigned char prefix[8];
    enum err_code code = pread_exact(fd, prefix, sizeof prefix, 0, e);
    if (code)
        return code;
    uint64_t size = 0;
    for (int i = 7; i >= 0; i--)
        size = size << 8 | prefix[i];
    if (size < 2 || size > MAX_HEADER || size > st->file_bytes - sizeof prefix)
        return err_set(e, ERR_UNAVAILABLE, "The checkpoint is not a safetensors file, or is truncated in its header.");
    char *text = malloc((size_t)size);
    if (!text)
        return err_memory(e, "the checkpoint's header");
    code = pread_exact(fd, text, (size_t)size, sizeof prefix, e);
    if (!code) {
        st->header = cJSON_ParseWithLength(text, (size_t)size);
        if (!st->header || !cJSON_IsObject(st->header))
            code = err_set(e, ERR_UNAVAILABLE, "The checkpoint's header is not a JSON object.");
    }
    free(text);
    if (code)
        return code;
    st->data_offset = sizeof prefix + (size_t)size;
    st->data_bytes = st->file_bytes - st->data_offset;
    return parse_header(st, e);
}

/* Where the system has them they save most of the time that touching memory takes; where not, nothing is lost. */
static void wish_for_huge_pages(unsigned char *at, size_t size)
{
    enum { PAGE = 4096 };
    size_t skip = -(uintptr_t)at % PAGE;
    if (size > skip)
        madvise(at + skip, (size - skip) / PAGE * PAGE, MADV_HUGEPAGE);
}

static enum err_code read_data(struct safetensors *st, int fd, int threads, const struct pread_work *work, struct err *e)
{
    size_t size;
    if (!size_add(st->data_bytes, 3 * PREAD_BLOCK, &size) || !(st->allocation = malloc(size)))
        return err_memory(e, "the checkpoint");
    /* Where the file has its values aligned they lie in memory as they do in it, which lets reads go there directly. */
    size_t place = st->data_offset % ALIGNMENT ? 0 : st->data_offset % PREAD_BLOCK;
    st->data = (unsigned char *)st->allocation + (-(uintptr_t)st->allocation % PREAD_BLOCK) + place;
    wish_for_huge_pages(st->data, st->data_bytes);
    enum err_code code = pread_parallel(fd, st->data, st->data_bytes, st->data_offset, threads, work, e);
    for (size_t i = 0; i < st->count && !code; i++)
        st->tensors[i].values = (const float *)(const void *)(st->data + st->tensors[i].offset);
    return code;
}

enum err_code safetensors_read(struct safetensors *st, const char *path, int threads,
                               const struct pread_work *work, struct err *e)
{
    memset(st, 0, sizeof *st);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(e, ERR_UNAVAILABLE, "The checkpoint %.200s cannot be opened: %s.", path, strerror(errno));
    struct stat info;
    enum err_code code = ERR_OK;
    if (fstat(fd, &info) || !S_ISREG(info.st_mode))
        code = err_set(e, ERR_UNAVAILABLE, "The checkpoint %.200s is not a file.", path);
    else if (info.st_size < 10)
        code = err_set(e, ERR_UNAVAILABLE, "The checkpoint is not a safetensors file, or is truncated in its header.");
    if (!code) {
        st->file_bytes = (size_t)info.st_size;
        code = read_header(st, fd, e);
    }
    if (!code)
        code = read_data(st, fd, threads, work, e);
    close(fd);
    if (code)
        safetensors_free(st);
    return code;
}

void safetensors_free(struct safetensors *st)
{
    cJSON_Delete(st->header);
    free(st->tensors);
    free(st->allocation);
    memset(st, 0, sizeof *st);
}

const struct safetensors_tensor *safetensors_find(const struct safetensors *st, const char *name)
{
    struct safetensors_tensor key = { .name = name };
    return st->count ? bsearch(&key, st->tensors, st->count, sizeof key, by_name) : NULL;
}

const char *safetensors_metadata(const struct safetensors *st, const char *key)
{
    return st->metadata ? cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(st->metadata, key)) : NULL;
}

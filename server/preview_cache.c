#include "server/preview_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server/preview_gray.h"

struct entry {
    char *path, *name;   /* name: within path */
    unsigned long long bytes;
    struct timespec used;
};

struct entries { struct entry *list; size_t n, capacity; };

enum err_code preview_cache_open(char path[PREVIEW_PATH_MAX], const char *tmp_dir, struct err *e)
{
    struct stat info;
    if (snprintf(path, PREVIEW_PATH_MAX, "%s/curvelogd-previews-%d", tmp_dir, (int)geteuid()) >= PREVIEW_PATH_MAX)
        return err_set(e, ERR_STORE, "The path of the folder for previews is too long.");
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return preview_disk_failure("the folder of previews", e);
    if (lstat(path, &info) != 0)
        return preview_disk_failure("the folder of previews", e);
    if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid())
        return err_set(e, ERR_INTERNAL, "The folder for previews is not this server's own.");
    return ERR_OK;
}

void preview_cache_touch(const char *path)
{
    utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW);
}

static struct entry *add(struct entries *entries, const FTSENT *file)
{
    if (entries->n == entries->capacity) {
        size_t capacity = entries->capacity ? 2 * entries->capacity : 32;
        struct entry *list = realloc(entries->list, capacity * sizeof *list);
        if (!list)
            return NULL;
        entries->list = list;
        entries->capacity = capacity;
    }
    struct entry *entry = &entries->list[entries->n];
    *entry = (struct entry){.path = strdup(file->fts_path), .used = file->fts_statp->st_mtim};
    if (!entry->path)
        return NULL;
    entry->name = entry->path + strlen(entry->path) - file->fts_namelen;
    entries->n++;
    return entry;
}

/* What lies in the folder, each with the bytes of all it holds. */
static void list(const char *path, struct entries *entries)
{
    char *roots[] = {(char *)path, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    for (FTSENT *file; walk && (file = fts_read(walk));) {
        if (file->fts_level < 1 || file->fts_info == FTS_DP || !file->fts_statp)
            continue;
        if (file->fts_level == 1 && !add(entries, file))
            break;
        entries->list[entries->n - 1].bytes += (unsigned long long)file->fts_statp->st_blocks * 512;
    }
    if (walk)
        fts_close(walk);
}

static void drop(const char *path)
{
    char *roots[] = {(char *)path, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    for (FTSENT *file; walk && (file = fts_read(walk));)
        if (file->fts_info != FTS_D)
            remove(file->fts_accpath);
    if (walk)
        fts_close(walk);
}

static int by_use(const void *a, const void *b)
{
    const struct timespec *x = &((const struct entry *)a)->used, *y = &((const struct entry *)b)->used;
    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

void preview_cache_prune(const char *path, unsigned long long max_bytes, long long max_age_s, const char *keep)
{
    struct entries entries = {0};
    unsigned long long bytes = 0;
    long long now = time(NULL);
    list(path, &entries);
    for (size_t i = 0; i < entries.n; i++)
        bytes += entries.list[i].bytes;
    if (entries.n)
        qsort(entries.list, entries.n, sizeof *entries.list, by_use);
    for (size_t i = 0; i < entries.n; i++) {
        struct entry *entry = &entries.list[i];
        bool old = now - (long long)entry->used.tv_sec > max_age_s;
        if ((old || bytes > max_bytes) && strncmp(entry->name, keep, strlen(keep)) != 0) {
            drop(entry->path);
            bytes -= entry->bytes;
        }
        free(entry->path);
    }
    free(entries.list);
}

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server/ids.h"
#include "server/store_dir_impl.h"

enum { FILE_NAME_MAX = 128, STALE_SECONDS = 2 * 86400, RENAME_TRIES = 8 };

static struct store_dir *self(struct store *store)
{
    return (struct store_dir *)store;
}

enum err_code store_dir_error(struct err *e, const char *what)
{
    if (err_no_room(errno))
        return err_set(e, ERR_DISK_FULL, "The store's disk is full.");
    return err_set(e, ERR_STORE, "The store cannot %s: %s.", what, strerror(errno));
}

static bool make_folder(const char *path)
{
    return mkdir(path, 0755) == 0 || errno == EEXIST;
}

enum err_code store_dir_make(const struct store_dir *s, const char *name, struct err *e)
{
    char path[STORE_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", s->root, name);
    if (!make_folder(s->root) || !make_folder(path))
        return store_dir_error(e, "make its folders");
    return ERR_OK;
}

/* Removes a folder of files. */
static void remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir) {
        unlink(path);
        return;
    }
    for (const struct dirent *d; (d = readdir(dir));)
        unlinkat(dirfd(dir), d->d_name, 0);
    closedir(dir);
    rmdir(path);
}

/* Removes what processes that were killed have left in .staging. */
static void sweep(const struct store_dir *s)
{
    char path[STORE_PATH_MAX], entry[STORE_PATH_MAX + 256];
    snprintf(path, sizeof path, "%s/.staging", s->root);
    DIR *dir = opendir(path);
    if (!dir)
        return;
    time_t now = time(NULL);
    struct stat info;
    for (const struct dirent *d; (d = readdir(dir));) {
        if (d->d_name[0] == '.' || fstatat(dirfd(dir), d->d_name, &info, AT_SYMLINK_NOFOLLOW) ||
            now - info.st_mtime < STALE_SECONDS)
            continue;
        snprintf(entry, sizeof entry, "%s/%s", path, d->d_name);
        remove_folder(entry);
    }
    closedir(dir);
}

static void dir_free(struct store *store)
{
    free(store);
}

static enum err_code dir_stage(struct store *store, const char *id, char path[STORE_PATH_MAX], struct err *e)
{
    struct store_dir *s = self(store);
    char random[ID_SIZE];
    if (!id_is_safe(id, STORE_ID_MAX))
        return err_set(e, ERR_INTERNAL, "A result's id is not usable as a name.");
    enum err_code code = id_random(random, e);
    if (!code)
        code = store_dir_make(s, ".staging", e);
    if (code)
        return code;
    sweep(s);
    snprintf(path, STORE_PATH_MAX, "%s/.staging/%s-%s", s->root, id, random);
    if (mkdir(path, 0755))
        return store_dir_error(e, "make a folder for the result");
    return ERR_OK;
}

static bool sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

/* Every file of the folder, and the folder, on the disk. */
static enum err_code sync_folder(const char *path, struct err *e)
{
    enum err_code code = ERR_OK;
    DIR *dir = opendir(path);
    if (!dir)
        return store_dir_error(e, "read the result's folder");
    char file[STORE_PATH_MAX + 256];
    for (const struct dirent *d; !code && (d = readdir(dir));) {
        if (d->d_name[0] == '.')
            continue;
        snprintf(file, sizeof file, "%s/%s", path, d->d_name);
        if (!sync_path(file, 0))
            code = store_dir_error(e, "write the result to the disk");
    }
    closedir(dir);
    if (!code && !sync_path(path, O_DIRECTORY))
        code = store_dir_error(e, "write the result to the disk");
    return code;
}

/* Puts `staged` in the place of `final`.  Where the file system cannot exchange two folders the old one is
 * renamed aside first; two requests may do so at once, hence the tries. */
static enum err_code replace(const char *staged, const char *final, struct err *e)
{
    char aside[STORE_PATH_MAX + 8];
    snprintf(aside, sizeof aside, "%s.old", staged);
    for (int i = 0; i < RENAME_TRIES; i++) {
        if (renameat2(AT_FDCWD, staged, AT_FDCWD, final, RENAME_NOREPLACE) == 0 || rename(staged, final) == 0)
            return ERR_OK;
        if (errno != EEXIST && errno != ENOTEMPTY)
            break;
        if (renameat2(AT_FDCWD, staged, AT_FDCWD, final, RENAME_EXCHANGE) == 0) {
            remove_folder(staged);
            return ERR_OK;
        }
        if (rename(final, aside) == 0)
            remove_folder(aside);
    }
    return store_dir_error(e, "publish the result");
}

static enum err_code dir_publish(struct store *store, const char *id, const char *staged, const struct job *job,
                                 struct err *e)
{
    struct store_dir *s = self(store);
    char results[STORE_PATH_MAX], final[STORE_PATH_MAX + STORE_ID_MAX + 1];
    snprintf(results, sizeof results, "%s/results", s->root);
    snprintf(final, sizeof final, "%s/%s", results, id);
    enum err_code code = sync_folder(staged, e);
    if (!code)
        code = store_dir_make(s, "results", e);
    if (!code)
        code = job_check(job, e);
    if (!code)
        code = replace(staged, final, e);
    if (!code && !sync_path(results, O_DIRECTORY))
        code = store_dir_error(e, "write the result to the disk");
    return code;
}

static void dir_discard(struct store *store, const char *staged)
{
    (void)store;
    remove_folder(staged);
}

static enum err_code dir_url(struct store *store, const char *id, const char *file, char url[STORE_URL_MAX],
                             struct err *e)
{
    if (!id_is_safe(id, STORE_ID_MAX) || !id_is_safe(file, FILE_NAME_MAX))
        return err_set(e, ERR_INTERNAL, "A result's name is not usable in a URL.");
    snprintf(url, STORE_URL_MAX, "%s/results/%s/%s", self(store)->public_url, id, file);
    return ERR_OK;
}

static enum err_code dir_open(struct store *store, const char *id, const char *file, int *fd, struct err *e)
{
    struct stat info;
    char path[STORE_PATH_MAX + STORE_ID_MAX + FILE_NAME_MAX];
    if (!id_is_safe(id, STORE_ID_MAX) || !id_is_safe(file, FILE_NAME_MAX))
        return err_set(e, ERR_NOT_FOUND, "There is no such result.");
    snprintf(path, sizeof path, "%s/results/%s/%s", self(store)->root, id, file);
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (*fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return err_set(e, ERR_NOT_FOUND, "There is no such result.");
    if (*fd < 0)
        return store_dir_error(e, "open the result");
    if (fstat(*fd, &info) || !S_ISREG(info.st_mode)) {
        close(*fd);
        return err_set(e, ERR_NOT_FOUND, "There is no such result.");
    }
    return ERR_OK;
}

static enum err_code dir_probe(struct store *store, struct err *e)
{
    char path[STORE_PATH_MAX];
    enum err_code code = dir_stage(store, "probe", path, e);
    if (!code && rmdir(path))
        code = store_dir_error(e, "remove what it has made");
    return code;
}

static const char *dir_origin(const struct store *store)
{
    (void)store;
    return "";
}

static const struct store_vtable vtable = {
    .kind = "dir",
    .free = dir_free,
    .stage = dir_stage,
    .publish = dir_publish,
    .discard = dir_discard,
    .url = dir_url,
    .open = dir_open,
    .upload = store_dir_upload,
    .fetch = store_dir_fetch,
    .origin = dir_origin,
    .probe = dir_probe,
};

int store_is_dir(const struct store *store)
{
    return store->vtable == &vtable;
}

enum err_code store_dir_open(struct store **out, const char *root, const char *public_url, int upload_url_s,
                             struct err *e)
{
    struct store_dir *s = calloc(1, sizeof *s);
    if (!s)
        return err_memory(e, "the store");
    s->store.vtable = &vtable;
    s->upload_url_s = upload_url_s;
    enum err_code code = ERR_OK;
    if (snprintf(s->root, sizeof s->root, "%s", root) >= (int)sizeof s->root)
        code = err_field(e, ERR_INVALID, "STORE", "The store's folder has too long a path.");
    else if (snprintf(s->public_url, sizeof s->public_url, "%s", public_url) >= (int)sizeof s->public_url)
        code = err_field(e, ERR_INVALID, "PUBLIC_URL", "PUBLIC_URL is too long.");
    if (!code)
        code = store_dir_secret(s, e);
    if (code)
        free(s);
    else
        *out = &s->store;
    return code;
}

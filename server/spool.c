#include "server/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/ids.h"

static enum err_code failed(struct err *e, const char *what)
{
    if (err_no_room(errno))
        return err_set(e, ERR_DISK_FULL, "The folder for temporary files is full.");
    return err_set(e, ERR_INTERNAL, "The temporary file cannot be %s: %s.", what, strerror(errno));
}

static void set_fd(struct spool *spool, int fd)
{
    spool->fd = fd;
    snprintf(spool->path, sizeof spool->path, "/proc/self/fd/%d", fd);
}

enum err_code spool_open(struct spool *spool, const char *folder, struct err *e)
{
    *spool = SPOOL_NONE;
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
        /* A file system without O_TMPFILE. */
        char path[600];
        enum err_code code = spool_name(folder, path, sizeof path, e);
        if (code)
            return code;
        fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
        if (fd >= 0)
            unlink(path);
    }
    if (fd < 0)
        return failed(e, "made");
    set_fd(spool, fd);
    return ERR_OK;
}

enum err_code spool_write(struct spool *spool, const void *bytes, size_t n, struct err *e)
{
    const char *at = bytes;
    while (n) {
        ssize_t written = write(spool->fd, at, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return failed(e, "written");
        at += written;
        n -= (size_t)written;
        spool->size += (size_t)written;
    }
    return ERR_OK;
}

enum err_code spool_name(const char *folder, char *path, size_t size, struct err *e)
{
    char id[ID_SIZE];
    enum err_code code = id_random(id, e);
    if (code)
        return code;
    if (snprintf(path, size, "%s/curvelogd-%s.tif", folder, id) >= (int)size)
        return err_set(e, ERR_INTERNAL, "The path of the folder for temporary files is too long.");
    return ERR_OK;
}

enum err_code spool_adopt(struct spool *spool, const char *path, struct err *e)
{
    *spool = SPOOL_NONE;
    struct stat s;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &s)) {
        enum err_code code = failed(e, "opened");
        if (fd >= 0)
            close(fd);
        return code;
    }
    unlink(path);
    set_fd(spool, fd);
    spool->size = (unsigned long long)s.st_size;
    return ERR_OK;
}

void spool_close(struct spool *spool)
{
    if (spool->fd >= 0)
        close(spool->fd);
    *spool = SPOOL_NONE;
}

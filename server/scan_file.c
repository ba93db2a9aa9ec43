#include "server/scan_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The releases that brought open options (4.5.0) and a cap on the sum of allocations (4.7.0). */
#define HAS_OPEN_OPTIONS (TIFFLIB_VERSION >= 20221213)
#define HAS_TOTAL_CAP (TIFFLIB_VERSION >= 20240911)

static void note(struct scan_file *file, const char *format, va_list args)
{
    file->complaints++;
    vsnprintf(file->text, sizeof file->text, format, args);
    for (char *c = file->text; *c; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
            *c = ' ';
    size_t n = strlen(file->text);
    while (n && (file->text[n - 1] == '.' || file->text[n - 1] == ' '))
        file->text[--n] = 0;
}

#if HAS_OPEN_OPTIONS
static int on_message(TIFF *tif, void *user, const char *module, const char *format, va_list args)
{
    (void)tif;
    (void)module;
    note(user, format, args);
    return 1;
}
#else
/* Older releases have handlers for the whole process only, but these are told whose handle it is.  Handles that
 * others opened by name have a file descriptor as client data, which no address is as low as. */
enum { HIGHEST_DESCRIPTOR = 1 << 20 };

static void on_message(thandle_t client, const char *module, const char *format, va_list args)
{
    (void)module;
    if ((uintptr_t)client > HIGHEST_DESCRIPTOR)
        note(client, format, args);
}

static void install_handlers(void)
{
    TIFFSetErrorHandler(NULL);
    TIFFSetWarningHandler(NULL);
    TIFFSetErrorHandlerExt(on_message);
    TIFFSetWarningHandlerExt(on_message);
}
#endif

static tmsize_t on_read(thandle_t client, void *buffer, tmsize_t size)
{
    struct scan_file *file = client;
    tmsize_t done = 0;
    while (done < size) {
        ssize_t n = pread(file->fd, (char *)buffer + done, (size_t)(size - done), (off_t)file->position);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += n;
        file->position += (uint64_t)n;
    }
    return done;
}

static tmsize_t on_write(thandle_t client, void *buffer, tmsize_t size)
{
    (void)client;
    (void)buffer;
    (void)size;
    return 0;
}

static toff_t on_seek(thandle_t client, toff_t offset, int whence)
{
    struct scan_file *file = client;
    if (whence == SEEK_CUR)
        offset += file->position;
    else if (whence == SEEK_END)
        offset += file->size;
    if (offset > INT64_MAX)
        return (toff_t)-1;
    return file->position = offset;
}

static int on_close(thandle_t client)
{
    (void)client;
    return 0;
}

static toff_t on_size(thandle_t client)
{
    return ((struct scan_file *)client)->size;
}

/* "m": no mmap; "h": the first directory is read apart, so that what it held is known when it is refused. */
static TIFF *open_handle(struct scan_file *file, const char *name, size_t max_bytes)
{
#if HAS_OPEN_OPTIONS
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options)
        return NULL;
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_message, file);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_message, file);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)max_bytes);
#if HAS_TOTAL_CAP
    TIFFOpenOptionsSetMaxCumulatedMemAlloc(options, (tmsize_t)max_bytes);
#endif
    TIFF *tif = TIFFClientOpenExt(name, "rmh", file, on_read, on_write, on_seek, on_close, on_size, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return tif;
#else
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)max_bytes;
    pthread_once(&once, install_handlers);
    return TIFFClientOpen(name, "rmh", file, on_read, on_write, on_seek, on_close, on_size, NULL, NULL);
#endif
}

/* What a file that is no TIFF looks like, for the message. */
static const char *guess_kind(const unsigned char *head, ssize_t n)
{
    if (n <= 0)
        return "an empty file";
    if (n >= 4 && !memcmp(head, "\x89PNG", 4))
        return "a PNG image";
    if (n >= 3 && !memcmp(head, "\xff\xd8\xff", 3))
        return "a JPEG image";
    if (n >= 4 && !memcmp(head, "%PDF", 4))
        return "a PDF document";
    if (n >= 4 && !memcmp(head, "GIF8", 4))
        return "a GIF image";
    if (n >= 2 && !memcmp(head, "BM", 2))
        return "a BMP image";
    if (n >= 2 && !memcmp(head, "PK", 2))
        return "a ZIP archive";
    return "no TIFF signature";
}

static enum err_code check_signature(const struct scan_file *file, struct err *e)
{
    unsigned char head[8];
    ssize_t n = pread(file->fd, head, sizeof head, 0);
    if (n < 0)
        return err_set(e, ERR_STORE, "The scan cannot be read: %s.", strerror(errno));
    if (n >= 4 && ((head[0] == 'I' && head[1] == 'I' && (head[2] == 42 || head[2] == 43) && head[3] == 0) ||
                   (head[0] == 'M' && head[1] == 'M' && head[2] == 0 && (head[3] == 42 || head[3] == 43))))
        return ERR_OK;
    return err_set(e, ERR_UNSUPPORTED, "The scan is not a TIFF: found %s.", guess_kind(head, n));
}

/* The first directory, its size checked even where libtiff refuses the rest. */
static enum err_code read_directory(struct scan_file *file, struct err *e)
{
    uint32_t width = 1, height = 1;
    int ok = TIFFReadDirectory(file->tif);
    TIFFGetField(file->tif, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(file->tif, TIFFTAG_IMAGELENGTH, &height);
    if (!width || !height || width > INT32_MAX || height > INT32_MAX)
        return err_set(e, ERR_INVALID, "The TIFF says that its image is %u by %u pixels.", width, height);
    return ok ? ERR_OK : scan_file_failure(file, "The TIFF's directory", e);
}

enum err_code scan_file_open(struct scan_file *file, const char *path, size_t max_bytes, struct err *e)
{
    struct stat status;
    memset(file, 0, sizeof *file);
    file->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0)
        return err_set(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_STORE, "The scan cannot be opened: %s.",
                       strerror(errno));
    enum err_code rc = ERR_OK;
    if (fstat(file->fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        rc = err_set(e, ERR_STORE, "The scan is not a regular file.");
        goto out;
    }
    file->size = (uint64_t)status.st_size;
    if ((rc = check_signature(file, e)) != ERR_OK)
        goto out;
    scan_file_listen(file);
    file->tif = open_handle(file, "scan", max_bytes);
    rc = file->tif ? read_directory(file, e) : scan_file_failure(file, "The TIFF's header", e);
out:
    if (rc != ERR_OK)
        scan_file_close(file);
    return rc;
}

void scan_file_close(struct scan_file *file)
{
    if (file->tif)
        TIFFClose(file->tif);
    /* A zeroed struct has fd 0, which is never a scan's: it stays open. */
    if (file->fd > 0)
        close(file->fd);
    file->tif = NULL;
    file->fd = 0;
}

void scan_file_listen(struct scan_file *file)
{
    file->complaints = 0;
    file->text[0] = 0;
    errno = 0;
}

enum err_code scan_file_failure(const struct scan_file *file, const char *what, struct err *e)
{
    if (strstr(file->text, "limit defined in open options"))
        return err_set(e, ERR_TOO_LARGE, "%s would need more memory than is allowed for a scan: %s.", what, file->text);
    /* libtiff has a different sentence for each allocation that fails; malloc tells once for all. */
    if (errno == ENOMEM)
        return err_memory(e, "decoding the scan");
    return err_set(e, ERR_MALFORMED, "%s cannot be read: %s.", what, file->text[0] ? file->text : "libtiff gave no reason");
}

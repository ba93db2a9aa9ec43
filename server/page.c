#include "server/page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/ids.h"
#include "server/response.h"
#include "server/store.h"

enum { SEGMENT_MAX = 128, POLICY_MAX = 1400 };

static const char *type_of(const char *name)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},  {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"}, {".mjs", "text/javascript; charset=utf-8"},
        {".json", "application/json"},          {".map", "application/json"},
        {".svg", "image/svg+xml"},              {".png", "image/png"},
        {".jpg", "image/jpeg"},                 {".ico", "image/x-icon"},
        {".tif", "image/tiff"},                 {".woff2", "font/woff2"},
        {".txt", "text/plain; charset=utf-8"},  {".las", "text/plain; charset=utf-8"},
        {".csv", "text/csv; charset=utf-8"},    {".webmanifest", "application/manifest+json"},
    };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

/* Opens DIR/a/b/c one segment at a time, following no link, so that no path leaves the folder. */
static int open_under(const char *dir, const char *path, char last[SEGMENT_MAX])
{
    int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    while (at >= 0) {
        size_t n = strcspn(path, "/");
        if (n >= SEGMENT_MAX)
            break;
        memcpy(last, path, n);
        last[n] = 0;
        if (!id_is_safe(last, SEGMENT_MAX))
            break;
        path += n;
        int flags = *path ? O_PATH | O_DIRECTORY : O_RDONLY;
        int next = openat(at, last, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        close(at);
        at = next;
        if (!*path)
            return at;
        path++;
    }
    if (at >= 0)
        close(at);
    return -1;
}

/* What the page may load and talk to: its own server, and the bucket that results and uploads are in. */
static void policy(const struct store *store, char out[POLICY_MAX])
{
    const char *bucket = store->vtable->origin(store);
    snprintf(out, POLICY_MAX,
             "default-src 'self'; img-src 'self' blob: data:; connect-src 'self'%s%s; object-src 'none'; base-uri 'none'; "
             "form-action 'self'; frame-ancestors 'none'",
             *bucket ? " " : "", bucket);
}

enum err_code page_handle(struct request *request, struct err *e)
{
    const struct config *config = &request->server->config;
    const char *path = request->path[1] ? request->path + 1 : "index.html";
    char name[SEGMENT_MAX], tag[64], csp[POLICY_MAX];
    struct stat info;
    int fd = open_under(config->static_dir, path, name);
    if (fd < 0 || fstat(fd, &info) || !S_ISREG(info.st_mode)) {
        if (fd >= 0)
            close(fd);
        return err_set(e, ERR_NOT_FOUND, "There is nothing at this address.");
    }
    snprintf(tag, sizeof tag, "\"%llx-%llx-%lx\"", (unsigned long long)info.st_size,
             (unsigned long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
    /* A 304 brings the same headers: a browser puts them in place of those that it kept (RFC 9110, 15.4.5). */
    const char *known = request_header(request, "If-None-Match");
    enum err_code code;
    if (known && (strstr(known, tag) || strcmp(known, "*") == 0)) {
        close(fd);
        code = response_bytes(request, 304, type_of(name), "", 0, e);
    } else {
        code = response_file(request, fd, type_of(name), e);
    }
    policy(request->server->store, csp);
    if (!code)
        code = response_header(request, "ETag", tag, e);
    if (!code)
        code = response_header(request, "Cache-Control", "no-cache", e);
    if (!code)
        code = response_header(request, "Content-Security-Policy", csp, e);
    return code;
}

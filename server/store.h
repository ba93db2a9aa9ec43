/* Where results live: a folder or an S3 bucket behind one table of functions. */
#ifndef SERVER_STORE_H
#define SERVER_STORE_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/job.h"

enum { STORE_URL_MAX = 4096, STORE_ID_MAX = 64, STORE_PATH_MAX = 1024, STORE_KEY_MAX = 512 };

struct store;

/* Where a client may PUT a large scan; url, method and headers as POST /uploads replies them. */
struct store_upload {
    char key[STORE_KEY_MAX];
    char url[STORE_URL_MAX];
    char headers[4][2][256]; size_t n_headers;   /* name, value */
    long long expires;                           /* seconds since the epoch */
};

struct store_vtable {
    const char *kind;   /* "dir" or "s3" */
    void (*free)(struct store *store);
    /* A fresh local folder in which the files of result `id` are made. */
    enum err_code (*stage)(struct store *store, const char *id, char path[STORE_PATH_MAX], struct err *e);
    /* Makes all files of the staged folder visible under `id`, all or nothing, then removes the folder.
     * A result that is there already is replaced by it. */
    enum err_code (*publish)(struct store *store, const char *id, const char *staged, const struct job *job,
                             struct err *e);
    /* Removes a staged folder that is not wanted. */
    void (*discard)(struct store *store, const char *staged);
    /* The URL by which a client gets the file. */
    enum err_code (*url)(struct store *store, const char *id, const char *file, char url[STORE_URL_MAX], struct err *e);
    /* Opens a result's file for the server's own /results route; ERR_NOT_FOUND.  *fd is the caller's. */
    enum err_code (*open)(struct store *store, const char *id, const char *file, int *fd, struct err *e);
    enum err_code (*upload)(struct store *store, const char *file_name, struct store_upload *out, struct err *e);
    /* Copies an uploaded scan to a local file (created, 0600).  ERR_NOT_FOUND, ERR_GONE, ERR_FORBIDDEN,
     * ERR_TOO_LARGE over max_bytes. */
    enum err_code (*fetch)(struct store *store, const char *key, const char *to_path, unsigned long long max_bytes,
                           const struct job *job, struct err *e);
    /* The origin that clients are sent to, "https://host:port"; "" for this server's own. */
    const char *(*origin)(const struct store *store);
    /* Whether the store takes a write now; for /readyz. */
    enum err_code (*probe)(struct store *store, struct err *e);
};

struct store { const struct store_vtable *vtable; };

struct config;

/* Opens the store that STORE names.  On success *out is the caller's, freed through its vtable. */
enum err_code store_open(struct store **out, const struct config *config, struct err *e);

#endif

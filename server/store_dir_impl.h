/* Shared by the folder store's two files: results and uploads. */
#ifndef SERVER_STORE_DIR_IMPL_H
#define SERVER_STORE_DIR_IMPL_H

#include "server/store_dir.h"

enum { STORE_DIR_SECRET_SIZE = 32 };

struct store_dir {
    struct store store;   /* first: the table of functions */
    char root[STORE_PATH_MAX - 256];
    char public_url[512];
    int upload_url_s;
    unsigned char secret[STORE_DIR_SECRET_SIZE];
};

/* A failure of the file system, by errno: ERR_DISK_FULL or ERR_STORE. */
enum err_code store_dir_error(struct err *e, const char *what);

/* Makes ROOT and ROOT/NAME. */
enum err_code store_dir_make(const struct store_dir *s, const char *name, struct err *e);

/* Fills `secret` from ROOT/.secret, made if it is not there; without a writable folder it is random. */
enum err_code store_dir_secret(struct store_dir *s, struct err *e);

/* The table's functions for uploads. */
enum err_code store_dir_upload(struct store *store, const char *file_name, struct store_upload *out, struct err *e);
enum err_code store_dir_fetch(struct store *store, const char *key, const char *to_path, unsigned long long max_bytes,
                              const struct job *job, struct err *e);

#endif

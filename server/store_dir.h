/* The store in a folder: ROOT/results/ID/FILE, ROOT/uploads/RANDOM/FILE; what is not whole yet lies in
 * ROOT/.staging.  ROOT/.secret signs upload addresses, so that they outlive a restart. */
#ifndef SERVER_STORE_DIR_H
#define SERVER_STORE_DIR_H

#include "server/store.h"

/* Makes the folder if it can; a folder that cannot be written is told by `probe`, not here.  `public_url`
 * (may be "") is put before the paths of URLs.  On success *out is the caller's. */
enum err_code store_dir_open(struct store **out, const char *root, const char *public_url, int upload_url_s,
                             struct err *e);

/* Whether the store is one of these. */
int store_is_dir(const struct store *store);

/* One upload on its way in, by PUT /uploads/KEY?expires=…&sig=…. */
struct store_dir_upload;

/* Checks the address that `upload` gave out.  ERR_NOT_FOUND for what is no key of this store, ERR_FORBIDDEN
 * for a wrong signature, ERR_GONE when it has expired.  On success *out is the caller's. */
enum err_code store_dir_upload_begin(struct store_dir_upload **out, struct store *store, const char *key,
                                     const char *expires, const char *signature, struct err *e);
/* Appends.  ERR_DISK_FULL, ERR_STORE. */
enum err_code store_dir_upload_write(struct store_dir_upload *upload, const void *bytes, size_t n, struct err *e);
/* Makes the file visible under its key, replacing an earlier one. */
enum err_code store_dir_upload_end(struct store_dir_upload *upload, struct err *e);
/* Frees; what was not ended leaves nothing behind.  NULL is allowed. */
void store_dir_upload_free(struct store_dir_upload *upload);

#endif

/* The folder of previews, under TMP_DIR: bounded in size and age, private to the server's user. */
#ifndef SERVER_PREVIEW_CACHE_H
#define SERVER_PREVIEW_CACHE_H

#include <stddef.h>

#include "base/err.h"

enum { PREVIEW_PATH_MAX = 1024 };

/* Makes the folder if need be and writes its path.  ERR_INTERNAL when it is somebody else's,
 * ERR_DISK_FULL, ERR_STORE. */
enum err_code preview_cache_open(char path[PREVIEW_PATH_MAX], const char *tmp_dir, struct err *e);

/* Marks an entry as used just now. */
void preview_cache_touch(const char *path);

/* Removes entries (files, or folders with all they hold) that were last used more than max_age_s ago, then
 * the longest unused until no more than max_bytes are left on the disk.  Entries whose names begin with
 * `keep` stay in any case.  What cannot be read or removed is passed over. */
void preview_cache_prune(const char *path, unsigned long long max_bytes, long long max_age_s, const char *keep);

#endif

/* A folder of a test's own. */
#ifndef TESTS_TEMP_DIR_H
#define TESTS_TEMP_DIR_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void temp_dir_make(char path[64])
{
    strcpy(path, "/tmp/curvelogd-test-XXXXXX");
    if (!mkdtemp(path))
        abort();
}

static inline int temp_dir_unlink(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
    (void)info, (void)kind, (void)ftw;
    return remove(path);
}

static inline void temp_dir_remove(const char *path)
{
    nftw(path, temp_dir_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void temp_dir_write(const char *dir, const char *name, const char *text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file))
        abort();
}

/* The file's text, or "" where there is none; the caller frees it. */
static inline char *temp_dir_read(const char *dir, const char *name)
{
    char path[4096], *text = calloc(1, 65536);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "r");
    if (file) {
        size_t n = fread(text, 1, 65535, file);
        text[n] = 0;
        fclose(file);
    }
    return text;
}

#endif

/* What server/models.c keeps; shared with server/models_list.c only. */
#ifndef SERVER_MODELS_STATE_H
#define SERVER_MODELS_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "server/models.h"

enum { MODELS_NAME_MAX = 64, MODELS_PATH_MAX = 640 };

/* Tells one version of a file from another. */
struct file_id { long long size; unsigned long long inode; long long seconds, nanoseconds; };

struct model {
    struct curvenet *net;
    struct file_id id;
    char name[MODELS_NAME_MAX];
    atomic_int holders;       /* the table, while it is current, and each request */
};

struct models_entry {
    struct models_entry *next;
    char name[MODELS_NAME_MAX];
    struct model *current;    /* in use, or NULL */
    bool loading;             /* a thread reads the file now, without the lock */
    bool failed;              /* the latest reading was refused: */
    struct file_id failed_id;
    int64_t failed_ns;
    char reason[512];
};

struct models {
    pthread_mutex_t mutex;
    pthread_cond_t loaded;
    char dir[512], default_name[MODELS_NAME_MAX];
    int threads;
    const struct log *log;
    struct models_entry *entries;   /* only ever grows, by names of files that were there */
};

struct models_entry *models_find(struct models *models, const char *name);

#endif

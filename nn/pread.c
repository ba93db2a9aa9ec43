#include "nn/pread.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Readers beside the caller's threads: a read waits for the disk more than for the processor. */
enum { PIECE = 4 << 20, WAITING_READERS = 3, MAX_READERS = 16 };

enum err_code pread_exact(int fd, void *out, size_t size, size_t offset, struct err *e)
{
    char *at = out;
    while (size) {
        ssize_t n = pread(fd, at, size, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(e, ERR_UNAVAILABLE, "The checkpoint cannot be read: %s.", strerror(errno));
        if (n == 0)
            return err_set(e, ERR_UNAVAILABLE, "The checkpoint is truncated.");
        at += n;
        offset += (size_t)n;
        size -= (size_t)n;
    }
    return ERR_OK;
}

struct reading {
    int fd;
    unsigned char *out;
    size_t size, offset, pieces;
    pthread_mutex_t lock;
    pthread_cond_t progress;
    size_t next;          /* the next piece to be read */
    bool *done;
    struct err failure;
};

static size_t piece_size(const struct reading *r, size_t piece)
{
    size_t left = r->size - piece * PIECE;
    return left < PIECE ? left : PIECE;
}

/* Reads the next piece.  Called and left with the lock held. */
static void read_next(struct reading *r)
{
    size_t piece = r->next++;
    struct err e;
    err_clear(&e);
    pthread_mutex_unlock(&r->lock);
    pread_exact(r->fd, r->out + piece * PIECE, piece_size(r, piece), r->offset + piece * PIECE, &e);
    pthread_mutex_lock(&r->lock);
    r->done[piece] = true;
    if (e.code && !r->failure.code)
        r->failure = e;
    pthread_cond_signal(&r->progress);
}

static void *reader_main(void *arg)
{
    struct reading *r = arg;
    pthread_mutex_lock(&r->lock);
    while (r->next < r->pieces && !r->failure.code)
        read_next(r);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

/* Hands finished pieces on in order, and reads when the next in order is not finished. */
static void follow(struct reading *r, void (*piece)(void *, const unsigned char *, size_t), void *piece_ctx)
{
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < r->pieces && !r->failure.code;) {
        if (r->done[i]) {
            if (piece) {
                pthread_mutex_unlock(&r->lock);
                piece(piece_ctx, r->out + i * PIECE, piece_size(r, i));
                pthread_mutex_lock(&r->lock);
            }
            i++;
        } else if (r->next < r->pieces) {
            read_next(r);
        } else {
            pthread_cond_wait(&r->progress, &r->lock);
        }
    }
    pthread_mutex_unlock(&r->lock);
}

enum err_code pread_parallel(int fd, unsigned char *out, size_t size, size_t offset, int threads,
                             void (*piece)(void *ctx, const unsigned char *bytes, size_t size), void *piece_ctx,
                             struct err *e)
{
    struct reading r = { .fd = fd, .out = out, .size = size, .offset = offset, .pieces = (size + PIECE - 1) / PIECE };
    r.done = calloc(r.pieces ? r.pieces : 1, sizeof *r.done);
    if (!r.done)
        return err_memory(e, "reading the checkpoint");
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.progress, NULL);
    pthread_t reader[MAX_READERS];
    int started = 0;
    /* Fewer threads than asked for only read more slowly. */
    while (started < threads - 1 + WAITING_READERS && started < MAX_READERS && (size_t)started + 1 < r.pieces &&
           pthread_create(&reader[started], NULL, reader_main, &r) == 0)
        started++;
    follow(&r, piece, piece_ctx);
    for (int i = 0; i < started; i++)
        pthread_join(reader[i], NULL);
    pthread_cond_destroy(&r.progress);
    pthread_mutex_destroy(&r.lock);
    free(r.done);
    if (r.failure.code && !e->code)
        *e = r.failure;
    return r.failure.code;
}

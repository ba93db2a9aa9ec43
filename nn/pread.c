#include "nn/pread.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* Readers beside the caller's threads: a read waits for the disk more than for the processor. */
enum { PIECE = 4 << 20, WAITING_READERS = 3, MAX_READERS = 16 };

/* From here on one more descriptor and a question to the cache per piece are worth it. */
enum { DIRECT_LEAST = 4 * PIECE };

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
    int fd, direct;       /* direct: the file again, past the page cache; -1 if it is read through it */
    unsigned char *out;
    size_t size, offset, pieces;
    size_t lead;          /* by which pieces begin before `offset`, so that they are aligned */
    const struct pread_work *work;
    pthread_mutex_t lock;
    pthread_cond_t progress;
    size_t next;          /* the next piece to be read */
    bool *done;
    struct err failure;
};

/* The bytes first..end-1 that make a piece. */
static size_t piece_first(const struct reading *r, size_t piece)
{
    return piece ? piece * PIECE - r->lead : 0;
}

static size_t piece_end(const struct reading *r, size_t piece)
{
    return piece + 1 < r->pieces ? (piece + 1) * PIECE - r->lead : r->size;
}

/* Whether the page of the file that holds byte `at` is in the page cache, or the file system does not tell, as those
 * over a network do not. */
static bool seems_cached(int fd, size_t at)
{
    char page[PREAD_BLOCK];
    struct iovec whole = { .iov_base = page, .iov_len = sizeof page };
    return preadv2(fd, &whole, 1, (off_t)(at / PREAD_BLOCK * PREAD_BLOCK), RWF_NOWAIT) >= 0 || errno != EAGAIN;
}

/* How many bytes from `first` on were read past the page cache.  What is missing is read the other way, which also
 * says why if it cannot be. */
static size_t read_direct(const struct reading *r, size_t first, size_t end)
{
    size_t before = (r->offset + first) % PREAD_BLOCK, size = before + (end - first);
    size = (size + PREAD_BLOCK - 1) / PREAD_BLOCK * PREAD_BLOCK;
    ssize_t n = pread(r->direct, r->out + first - before, size, (off_t)(r->offset + first - before));
    if (n <= (ssize_t)before)
        return 0;
    return (size_t)n - before < end - first ? (size_t)n - before : end - first;
}

static void read_piece(const struct reading *r, size_t piece, struct err *e)
{
    size_t first = piece_first(r, piece), end = piece_end(r, piece), at = first;
    if (r->direct >= 0 && !seems_cached(r->fd, r->offset + end - 1))
        at += read_direct(r, first, end);
    if (pread_exact(r->fd, r->out + at, end - at, r->offset + at, e) == ERR_OK && r->work && r->work->each)
        r->work->each(r->work->ctx, r->out + first, end - first);
}

/* Reads the next piece.  Called and left with the lock held. */
static void read_next(struct reading *r)
{
    size_t piece = r->next++;
    struct err e;
    err_clear(&e);
    pthread_mutex_unlock(&r->lock);
    read_piece(r, piece, &e);
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
static void follow(struct reading *r)
{
    const struct pread_work *work = r->work;
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < r->pieces && !r->failure.code;) {
        if (r->done[i]) {
            if (work && work->in_order) {
                size_t first = piece_first(r, i);
                pthread_mutex_unlock(&r->lock);
                work->in_order(work->ctx, r->out + first, piece_end(r, i) - first);
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

/* The open file once more, past its page cache; -1 where that cannot be. */
static int open_direct(int fd)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_RDONLY | O_CLOEXEC | O_DIRECT);
}

enum err_code pread_parallel(int fd, unsigned char *out, size_t size, size_t offset, int threads,
                             const struct pread_work *work, struct err *e)
{
    struct reading r = { .fd = fd, .out = out, .size = size, .offset = offset, .work = work };
    bool directly = size >= DIRECT_LEAST && ((uintptr_t)out - offset) % PREAD_BLOCK == 0;
    r.lead = directly ? offset % PREAD_BLOCK : 0;
    r.pieces = (r.lead + size + PIECE - 1) / PIECE;
    r.done = calloc(r.pieces ? r.pieces : 1, sizeof *r.done);
    if (!r.done)
        return err_memory(e, "reading the checkpoint");
    r.direct = directly ? open_direct(fd) : -1;
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.progress, NULL);
    pthread_t reader[MAX_READERS];
    int started = 0;
    /* Fewer threads than asked for only read more slowly. */
    while (started < threads - 1 + WAITING_READERS && started < MAX_READERS && (size_t)started + 1 < r.pieces &&
           pthread_create(&reader[started], NULL, reader_main, &r) == 0)
        started++;
    follow(&r);
    for (int i = 0; i < started; i++)
        pthread_join(reader[i], NULL);
    pthread_cond_destroy(&r.progress);
    pthread_mutex_destroy(&r.lock);
    if (r.direct >= 0)
        close(r.direct);
    free(r.done);
    if (r.failure.code && !e->code)
        *e = r.failure;
    return r.failure.code;
}

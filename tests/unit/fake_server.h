/* An HTTP server on loopback that answers by script: for what a real one cannot be told to do. */
#ifndef TESTS_FAKE_SERVER_H
#define TESTS_FAKE_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FAKE_MAX = 32, FAKE_REQUEST = 65536 };

/* One answer.  `cut`: the connection is closed after the request, and after as many bytes of the body as
 * `cut` says less one.  The last answer of a script is repeated. */
struct fake_answer { int status; const char *headers, *body; int delay_ms, cut; };

struct fake_server {
    int listener, port;
    pthread_t thread;
    struct fake_answer answers[FAKE_MAX];
    int n_answers, served;
    char requests[FAKE_MAX][FAKE_REQUEST];   /* head and body, as they came */
};

static inline size_t fake_read(int fd, char *text)
{
    size_t n = 0, want = FAKE_REQUEST - 1;
    for (;;) {
        ssize_t got = recv(fd, text + n, want - n, 0);
        if (got <= 0)
            return n;
        n += (size_t)got;
        text[n] = '\0';
        char *end = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "\r\ncontent-length:");
        if (end && n >= (size_t)(end + 4 - text) + (length && length < end ? strtoul(length + 17, NULL, 10) : 0))
            return n;
    }
}

static inline void fake_answer(int fd, const struct fake_answer *a)
{
    char head[1024];
    size_t length = a->body ? strlen(a->body) : 0;
    if (a->delay_ms)
        usleep((useconds_t)a->delay_ms * 1000);
    if (a->cut == 1)
        return;
    int n = snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n", a->status,
                     length, a->headers ? a->headers : "");
    if (send(fd, head, (size_t)n, MSG_NOSIGNAL) == n && length)
        (void)!send(fd, a->body, a->cut ? (size_t)a->cut - 1 : length, MSG_NOSIGNAL);
}

static inline void *fake_serve(void *ctx)
{
    struct fake_server *s = ctx;
    for (;;) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        int i = s->served < FAKE_MAX ? s->served : FAKE_MAX - 1;
        if (fake_read(fd, s->requests[i]) > 0) {
            s->served++;
            fake_answer(fd, &s->answers[i < s->n_answers ? i : s->n_answers - 1]);
        }
        shutdown(fd, SHUT_WR);
        close(fd);
    }
}

static inline struct fake_server *fake_start(const struct fake_answer *answers, int n)
{
    struct fake_server *s = calloc(1, sizeof *s);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    memcpy(s->answers, answers, (size_t)n * sizeof *answers);
    s->n_answers = n;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(s->listener, (struct sockaddr *)&address, sizeof address) || listen(s->listener, 64) ||
        getsockname(s->listener, (struct sockaddr *)&address, &length) ||
        pthread_create(&s->thread, NULL, fake_serve, s))
        abort();
    s->port = ntohs(address.sin_port);
    return s;
}

static inline void fake_stop(struct fake_server *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
    free(s);
}

#endif

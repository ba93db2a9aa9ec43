/* sgemm THREADS SECONDS: what the machine's processors multiply, with OpenBLAS, one product of M=128, N=512,
 * K=128 after another on each thread; the operands of a thread stay in its cache.  Prints GFLOP/s of all. */
#include <cblas.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/job.h"

enum { M = 128, N = 512, K = 128, MAX_THREADS = 256, BATCH = 50 };

struct share {
    pthread_t thread;
    double seconds, gflops;   /* gflops: -1 without memory */
};

static void *multiply(void *arg)
{
    struct share *s = arg;
    float *a = calloc(M * K, sizeof *a), *b = calloc(K * N, sizeof *b), *c = calloc(M * N, sizeof *c);
    s->gflops = -1;
    if (a && b && c) {
        for (int i = 0; i < M * K; i++)
            a[i] = (float)(i % 7);
        for (int i = 0; i < K * N; i++)
            b[i] = (float)(i % 5);
        int64_t start = job_now_ns(), now = start;
        long products = 0;
        while ((double)(now - start) * 1e-9 < s->seconds) {
            for (int i = 0; i < BATCH; i++)
                cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, M, N, K, 1, a, K, b, N, 0, c, N);
            products += BATCH;
            now = job_now_ns();
        }
        s->gflops = 2.0 * M * N * K * (double)products / (double)(now - start);
    }
    free(a);
    free(b);
    free(c);
    return NULL;
}

int main(int argc, char **argv)
{
    int threads = argc == 3 ? atoi(argv[1]) : 0;
    if (threads < 1 || threads > MAX_THREADS) {
        fprintf(stderr, "usage: sgemm THREADS SECONDS\n");
        return 2;
    }
    openblas_set_num_threads(1);
    struct share share[MAX_THREADS];
    double sum = 0;
    int started = 0, failed = 0;
    for (; started < threads; started++) {
        share[started] = (struct share){ .seconds = atof(argv[2]) };
        if (pthread_create(&share[started].thread, NULL, multiply, &share[started]))
            break;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(share[i].thread, NULL);
        failed |= share[i].gflops < 0;
        sum += share[i].gflops;
    }
    if (failed || started < threads) {
        fprintf(stderr, "sgemm: not all threads could run\n");
        return 1;
    }
    printf("%.2f\n", sum);
    return 0;
}

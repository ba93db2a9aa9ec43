/* What a scan costs by what was measured, and the volume from which a warm task is cheaper. */
#ifndef SERVER_BUDGET_H
#define SERVER_BUDGET_H

#include "server/http.h"

/* Sums since the start, in seconds and bytes, and where the work ran. */
struct budget_input {
    unsigned long long scans, cold, weights_bytes;
    double total, queue, weights;   /* seconds of all scans; total has the other two in it */
    double start;                   /* seconds from a process's start to listening */
    double memory_mb;               /* of the Lambda function */
    double vcpu, gb;                /* of the warm task */
};

/* One scan and one month, by the prices of prices.h. */
struct budget {
    double seconds;                 /* per scan, weights read and waiting not counted */
    double cold_share, cold_seconds, cold_gb;   /* of scans; per cold start */
    double gb_seconds, cost;        /* per scan, cold starts spread over all */
    double task_month;              /* of the warm task, with load balancer and address */
    double crossover;               /* scans a month from which the task is cheaper */
    double busy;                    /* share of the month for which the task is busy then; over 1: it cannot */
    double capacity;                /* scans a month that the task can do */
};

/* False when there was no scan yet: then only task_month is set. */
bool budget_compute(const struct budget_input *input, struct budget *out);

/* The memory of a Lambda function as fast as `threads` threads that holds `bytes`, in MB (1,769 MB a
 * vCPU), and the smallest Fargate task for the same: *vcpu and *gb. */
double budget_lambda_mb(int threads, unsigned long long bytes);
void budget_fargate_size(int threads, unsigned long long bytes, double *vcpu, double *gb);

/* GET /budget */
enum err_code budget_handle(struct request *request, struct err *e);

#endif

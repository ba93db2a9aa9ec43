#include "server/budget.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/prices.h"
#include "server/response.h"

enum { LAMBDA_MB_PER_VCPU = 1769, LAMBDA_MAX_MB = 10240 };

/* Crossover: (730 (v pv + g pg) + fixed) / (s M/1024 r + request + c (t M/1024 r + G efs)). */
bool budget_compute(const struct budget_input *in, struct budget *out)
{
    memset(out, 0, sizeof *out);
    out->task_month = HOURS_PER_MONTH * (in->vcpu * PRICE_FARGATE_VCPU_HOUR + in->gb * PRICE_FARGATE_GB_HOUR +
                                         PRICE_ALB_HOUR + PRICE_IPV4_HOUR);
    if (!in->scans)
        return false;
    double gb = in->memory_mb / 1024, scans = (double)in->scans;
    out->seconds = fmax(in->total - in->queue - in->weights, 0) / scans;
    out->cold_share = (double)in->cold / scans;
    if (in->cold) {
        out->cold_seconds = in->weights / (double)in->cold + in->start;
        out->cold_gb = (double)in->weights_bytes / (double)in->cold / 1e9;
    }
    out->gb_seconds = gb * (out->seconds + out->cold_share * out->cold_seconds);
    out->cost = out->gb_seconds * PRICE_LAMBDA_GB_S + PRICE_LAMBDA_REQUEST +
                out->cold_share * out->cold_gb * PRICE_EFS_READ_GB;
    out->crossover = out->task_month / out->cost;
    out->capacity = out->seconds > 0 ? HOURS_PER_MONTH * 3600 / out->seconds : 0;
    out->busy = out->crossover * out->seconds / (HOURS_PER_MONTH * 3600);
    return true;
}

double budget_lambda_mb(int threads, unsigned long long bytes)
{
    double need = fmax((double)threads * LAMBDA_MB_PER_VCPU, ceil((double)bytes / (1 << 20)));
    return fmin(need, LAMBDA_MAX_MB);
}

void budget_fargate_size(int threads, unsigned long long bytes, double *vcpu, double *gb)
{
    static const double sizes[] = {1, 2, 4, 8, 16};
    size_t i = 0;
    while (i + 1 < sizeof sizes / sizeof *sizes && sizes[i] < threads)
        i++;
    *vcpu = sizes[i];
    *gb = fmax(2 * sizes[i], ceil((double)bytes / (1 << 30)));
}

static void read_input(const struct server *server, struct budget_input *in)
{
    struct metrics_summary sum;
    const char *lambda = getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
    int threads = pool_threads(server->pool);
    metrics_summary(server->metrics, &sum);
    *in = (struct budget_input){.scans = sum.scans, .cold = sum.cold, .weights_bytes = sum.weights_bytes,
                                .total = sum.total, .queue = sum.queue, .weights = sum.weights,
                                .start = server->process_seconds};
    in->memory_mb = lambda ? strtod(lambda, NULL) : 0;
    if (in->memory_mb <= 0)
        in->memory_mb = budget_lambda_mb(threads, metrics_rss_peak());
    budget_fargate_size(threads, metrics_rss_peak(), &in->vcpu, &in->gb);
}

struct number { const char *name; double value; };

static bool add_numbers(cJSON *json, const char *name, const struct number *numbers, size_t n)
{
    cJSON *part = cJSON_AddObjectToObject(json, name);
    for (size_t i = 0; part && i < n; i++)
        if (!cJSON_AddNumberToObject(part, numbers[i].name, numbers[i].value))
            return false;
    return part != NULL;
}

#define ADD(json, name, ...)                                                                                           \
    add_numbers(json, name, (const struct number[]){__VA_ARGS__},                                                      \
                sizeof((const struct number[]){__VA_ARGS__}) / sizeof(struct number))

static bool add_prices(cJSON *json)
{
    bool ok = ADD(json, "prices", {"lambda_gb_second", PRICE_LAMBDA_GB_S}, {"lambda_request", PRICE_LAMBDA_REQUEST},
                  {"efs_read_gb", PRICE_EFS_READ_GB}, {"fargate_vcpu_hour", PRICE_FARGATE_VCPU_HOUR},
                  {"fargate_gb_hour", PRICE_FARGATE_GB_HOUR}, {"load_balancer_hour", PRICE_ALB_HOUR},
                  {"public_ipv4_hour", PRICE_IPV4_HOUR});
    cJSON *prices = cJSON_GetObjectItemCaseSensitive(json, "prices");
    return ok && cJSON_AddStringToObject(prices, "date", PRICES_DATE) &&
           cJSON_AddStringToObject(prices, "region", PRICES_REGION) &&
           cJSON_AddStringToObject(prices, "currency", PRICES_CURRENCY) &&
           cJSON_AddStringToObject(prices, "architecture", PRICES_ARCHITECTURE);
}

static bool add_measured(cJSON *json, const struct budget_input *in, const struct budget *b)
{
    return ADD(json, "measured", {"seconds", b->seconds}, {"cold_share", b->cold_share},
               {"cold_seconds", b->cold_seconds}, {"cold_gb", b->cold_gb}, {"gb_seconds", b->gb_seconds},
               {"memory_peak_mb", (double)metrics_rss_peak() / (1 << 20)}) &&
           ADD(json, "per_scan", {"cost", b->cost}, {"compute", b->gb_seconds * PRICE_LAMBDA_GB_S},
               {"request", PRICE_LAMBDA_REQUEST}, {"weights", b->cold_share * b->cold_gb * PRICE_EFS_READ_GB}) &&
           ADD(json, "since_start", {"cost", b->cost * (double)in->scans},
               {"gb_seconds", b->gb_seconds * (double)in->scans}) &&
           ADD(json, "crossover", {"scans_per_month", b->crossover}, {"task_busy", b->busy});
}

static bool add_nothing_yet(cJSON *json)
{
    return cJSON_AddNullToObject(json, "measured") && cJSON_AddNullToObject(json, "per_scan") &&
           cJSON_AddNullToObject(json, "since_start") && cJSON_AddNullToObject(json, "crossover");
}

static bool fill(cJSON *json, const struct budget_input *in)
{
    struct budget b;
    bool measured = budget_compute(in, &b);
    bool on_lambda = getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") != NULL;
    return cJSON_AddStringToObject(json, "state", measured ? "measured" : "no scans yet") &&
           cJSON_AddNumberToObject(json, "scans", (double)in->scans) &&
           cJSON_AddNumberToObject(json, "cold_starts", (double)in->cold) && add_prices(json) &&
           ADD(json, "lambda", {"memory_mb", in->memory_mb}) &&
           cJSON_AddBoolToObject(cJSON_GetObjectItemCaseSensitive(json, "lambda"), "assumed", !on_lambda) &&
           ADD(json, "warm_task", {"vcpu", in->vcpu}, {"memory_gb", in->gb}, {"month", b.task_month},
               {"scans_per_month", b.capacity}) &&
           (measured ? add_measured(json, in, &b) : add_nothing_yet(json));
}

enum err_code budget_handle(struct request *request, struct err *e)
{
    struct budget_input in;
    read_input(request->server, &in);
    cJSON *json = cJSON_CreateObject();
    enum err_code code = json && fill(json, &in) ? response_json(request, 200, json, e) : err_memory(e, "the budget");
    cJSON_Delete(json);
    return code;
}

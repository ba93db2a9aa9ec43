#include "server/metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SERIES = 256, BUCKETS = 12, HISTOGRAMS = STAGE_TOTAL + 4 };

static const double bounds[BUCKETS] = {0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 900};

struct series { const char *route; unsigned status; unsigned long long count, bytes_in; double seconds; };
struct histogram { unsigned long long bucket[BUCKETS], count; double sum; };

struct metrics {
    pthread_mutex_t mutex;
    struct series series[MAX_SERIES];   /* a route's label and a status */
    size_t n_series;
    struct histogram histogram[HISTOGRAMS];   /* the pipeline's stages, queue, weights, store, total */
    struct metrics_summary sum;
};

enum err_code metrics_create(struct metrics **out, struct err *e)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);
    if (!metrics)
        return err_memory(e, "the metrics");
    pthread_mutex_init(&metrics->mutex, NULL);
    *out = metrics;
    return ERR_OK;
}

void metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    pthread_mutex_destroy(&metrics->mutex);
    free(metrics);
}

void metrics_request(struct metrics *metrics, const char *route, unsigned status, double seconds,
                     unsigned long long bytes_in)
{
    pthread_mutex_lock(&metrics->mutex);
    size_t i = 0;
    while (i < metrics->n_series && (metrics->series[i].status != status || strcmp(metrics->series[i].route, route) != 0))
        i++;
    if (i == metrics->n_series && i < MAX_SERIES)
        metrics->series[metrics->n_series++] = (struct series){.route = route, .status = status};
    if (i < metrics->n_series) {
        metrics->series[i].count++;
        metrics->series[i].seconds += seconds;
        metrics->series[i].bytes_in += bytes_in;
    }
    pthread_mutex_unlock(&metrics->mutex);
}

static void observe(struct histogram *histogram, double seconds)
{
    for (int i = 0; i < BUCKETS; i++)
        if (seconds <= bounds[i])
            histogram->bucket[i]++;
    histogram->count++;
    histogram->sum += seconds;
}

void metrics_scan(struct metrics *metrics, const struct metrics_scan *scan)
{
    pthread_mutex_lock(&metrics->mutex);
    struct metrics_summary *sum = &metrics->sum;
    sum->scans++;
    sum->cold += scan->cold;
    sum->pixels += scan->pixels;
    sum->weights_bytes += scan->weights_bytes;
    sum->total += scan->total;
    sum->weights += scan->weights;
    sum->queue += scan->queue;
    sum->store += scan->store;
    for (int i = 0; i < STAGE_TOTAL; i++) {
        sum->stage[i] += scan->stage[i];
        observe(&metrics->histogram[i], scan->stage[i]);
    }
    observe(&metrics->histogram[STAGE_TOTAL], scan->queue);
    if (scan->weights > 0)
        observe(&metrics->histogram[STAGE_TOTAL + 1], scan->weights);
    observe(&metrics->histogram[STAGE_TOTAL + 2], scan->store);
    observe(&metrics->histogram[STAGE_TOTAL + 3], scan->total);
    pthread_mutex_unlock(&metrics->mutex);
}

void metrics_summary(struct metrics *metrics, struct metrics_summary *summary)
{
    pthread_mutex_lock(&metrics->mutex);
    *summary = metrics->sum;
    pthread_mutex_unlock(&metrics->mutex);
}

static const char *histogram_name(int index)
{
    static const char *const own[] = {"queue", "weights", "store", "total"};
    return index < STAGE_TOTAL ? pipeline_stage_name((enum pipeline_stage)index) : own[index - STAGE_TOTAL];
}

static void write_head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP curvelogd_%s %s\n# TYPE curvelogd_%s %s\n", name, help, name, type);
}

static void write_value(FILE *out, const char *name, const char *type, const char *help, double value)
{
    write_head(out, name, type, help);
    fprintf(out, "curvelogd_%s %.17g\n", name, value);
}

static void write_requests(FILE *out, const struct metrics *metrics)
{
    write_head(out, "requests_total", "counter", "Requests answered.");
    for (size_t i = 0; i < metrics->n_series; i++)
        fprintf(out, "curvelogd_requests_total{route=\"%s\",status=\"%u\"} %llu\n", metrics->series[i].route,
                metrics->series[i].status, metrics->series[i].count);
    write_head(out, "request_seconds_total", "counter", "Time spent on requests.");
    for (size_t i = 0; i < metrics->n_series; i++)
        fprintf(out, "curvelogd_request_seconds_total{route=\"%s\",status=\"%u\"} %.6f\n", metrics->series[i].route,
                metrics->series[i].status, metrics->series[i].seconds);
    write_head(out, "request_bytes_total", "counter", "Bytes of request bodies.");
    for (size_t i = 0; i < metrics->n_series; i++)
        fprintf(out, "curvelogd_request_bytes_total{route=\"%s\",status=\"%u\"} %llu\n", metrics->series[i].route,
                metrics->series[i].status, metrics->series[i].bytes_in);
}

static void write_histograms(FILE *out, const struct metrics *metrics)
{
    write_head(out, "stage_seconds", "histogram", "Time of one scan in each stage.");
    for (int h = 0; h < HISTOGRAMS; h++) {
        const struct histogram *histogram = &metrics->histogram[h];
        const char *name = histogram_name(h);
        for (int i = 0; i < BUCKETS; i++)
            fprintf(out, "curvelogd_stage_seconds_bucket{stage=\"%s\",le=\"%g\"} %llu\n", name, bounds[i],
                    histogram->bucket[i]);
        fprintf(out, "curvelogd_stage_seconds_bucket{stage=\"%s\",le=\"+Inf\"} %llu\n", name, histogram->count);
        fprintf(out, "curvelogd_stage_seconds_sum{stage=\"%s\"} %.6f\n", name, histogram->sum);
        fprintf(out, "curvelogd_stage_seconds_count{stage=\"%s\"} %llu\n", name, histogram->count);
    }
}

enum err_code metrics_text(struct metrics *metrics, const struct metrics_now *now, char **out, struct err *e)
{
    size_t size = 0;
    *out = NULL;
    FILE *stream = open_memstream(out, &size);
    if (!stream)
        return err_memory(e, "the metrics");
    pthread_mutex_lock(&metrics->mutex);
    write_requests(stream, metrics);
    write_histograms(stream, metrics);
    write_value(stream, "scans_total", "counter", "Scans digitized.", (double)metrics->sum.scans);
    write_value(stream, "cold_starts_total", "counter", "Scans that had to wait for weights.", (double)metrics->sum.cold);
    write_value(stream, "pixels_total", "counter", "Pixels that went through the network.", (double)metrics->sum.pixels);
    pthread_mutex_unlock(&metrics->mutex);
    write_value(stream, "jobs_running", "gauge", "Scans being digitized.", now->running);
    write_value(stream, "jobs_waiting", "gauge", "Requests that wait for a slot.", now->waiting);
    write_value(stream, "connections", "gauge", "Open connections.", now->connections);
    write_value(stream, "model_bytes", "gauge", "Size of the checkpoints in use.", (double)now->model_bytes);
    write_value(stream, "resident_bytes", "gauge", "Resident memory.", (double)metrics_rss());
    write_value(stream, "resident_peak_bytes", "gauge", "Most resident memory so far.", (double)metrics_rss_peak());
    int bad = ferror(stream);
    if (fclose(stream) || bad || !*out) {
        free(*out);
        *out = NULL;
        return err_memory(e, "the metrics");
    }
    return ERR_OK;
}

/* A "Name:  123 kB" line of /proc/self/status, in bytes. */
static unsigned long long status_bytes(const char *name)
{
    FILE *file = fopen("/proc/self/status", "re");
    if (!file)
        return 0;
    char line[256];
    unsigned long long kilobytes = 0;
    size_t n = strlen(name);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, name, n) == 0 && line[n] == ':') {
            kilobytes = strtoull(line + n + 1, NULL, 10);
            break;
        }
    fclose(file);
    return kilobytes * 1024;
}

unsigned long long metrics_rss(void)
{
    return status_bytes("VmRSS");
}

unsigned long long metrics_rss_peak(void)
{
    return status_bytes("VmHWM");
}

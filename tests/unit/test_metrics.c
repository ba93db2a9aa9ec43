/* Counters and their text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "server/metrics.h"

static void text(void **state)
{
    (void)state;
    struct metrics *metrics;
    struct err e = {0};
    char *out;
    assert_int_equal(metrics_create(&metrics, &e), ERR_OK);
    metrics_request(metrics, "digitize", 200, 1.5, 1000);
    metrics_request(metrics, "digitize", 200, 0.5, 1000);
    metrics_request(metrics, "digitize", 422, 0.25, 10);
    metrics_scan(metrics, &(struct metrics_scan){.total = 2, .stage = {[STAGE_FORWARD] = 1.5}, .pixels = 1000, .cold = true,
                                                 .weights = 0.2, .weights_bytes = 77});
    metrics_scan(metrics, &(struct metrics_scan){.total = 4, .stage = {[STAGE_FORWARD] = 0.02}, .pixels = 500});
    assert_int_equal(metrics_text(metrics, &(struct metrics_now){.running = 1, .waiting = 2, .model_bytes = 5}, &out, &e),
                     ERR_OK);
    static const char *const lines[] = {
        "curvelogd_requests_total{route=\"digitize\",status=\"200\"} 2\n",
        "curvelogd_requests_total{route=\"digitize\",status=\"422\"} 1\n",
        "curvelogd_request_seconds_total{route=\"digitize\",status=\"200\"} 2.000000\n",
        "curvelogd_stage_seconds_bucket{stage=\"forward\",le=\"0.03\"} 1\n",
        "curvelogd_stage_seconds_bucket{stage=\"forward\",le=\"3\"} 2\n",
        "curvelogd_stage_seconds_count{stage=\"weights\"} 1\n",
        "curvelogd_stage_seconds_sum{stage=\"total\"} 6.000000\n",
        "curvelogd_scans_total 2\n", "curvelogd_cold_starts_total 1\n", "curvelogd_pixels_total 1500\n",
        "curvelogd_jobs_running 1\n", "curvelogd_jobs_waiting 2\n", "curvelogd_model_bytes 5\n",
        "# TYPE curvelogd_stage_seconds histogram\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (!strstr(out, lines[i]))
            fail_msg("not there: %s", lines[i]);
    free(out);

    struct metrics_summary sum;
    metrics_summary(metrics, &sum);
    assert_true(sum.scans == 2 && sum.cold == 1 && sum.total == 6 && sum.weights_bytes == 77);
    metrics_free(metrics);
}

static void many_series(void **state)
{
    (void)state;
    struct metrics *metrics;
    struct err e = {0};
    assert_int_equal(metrics_create(&metrics, &e), ERR_OK);
    for (unsigned status = 0; status < 1000; status++)
        metrics_request(metrics, "x", status, 0, 0);
    metrics_free(metrics);
}

static void memory(void **state)
{
    (void)state;
    assert_true(metrics_rss() > 100000);
    assert_true(metrics_rss_peak() > 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(text), cmocka_unit_test(many_series), cmocka_unit_test(memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/budget.h"
#include "server/prices.h"

static void assert_near(double value, double wanted)
{
    if (fabs(value - wanted) > 1e-9 * fabs(wanted) + 1e-15)
        fail_msg("%.12g is not %.12g", value, wanted);
}

static void no_scans_are_a_state_of_their_own(void **state)
{
    (void)state;
    struct budget b;
    struct budget_input in = {.memory_mb = 1769, .vcpu = 1, .gb = 2};
    assert_false(budget_compute(&in, &b));
    assert_near(b.task_month, 730 * (PRICE_FARGATE_VCPU_HOUR + 2 * PRICE_FARGATE_GB_HOUR + 0.0225 + 0.005));
    assert_near(b.cost, 0);
    assert_near(b.crossover, 0);
}

/* 100 scans of 8 s (800 s, and 50 s of waiting, and 6 s of weights for 2 cold starts of 0.3 GB each) on
 * 2 GB, worked out by hand. */
static void costs_are_what_the_formula_says(void **state)
{
    (void)state;
    struct budget b;
    struct budget_input in = {.scans = 100, .cold = 2, .weights_bytes = 600000000, .total = 856, .queue = 50,
                              .weights = 6, .start = 0.5, .memory_mb = 2048, .vcpu = 2, .gb = 4};
    assert_true(budget_compute(&in, &b));
    assert_near(b.seconds, 8);
    assert_near(b.cold_share, 0.02);
    assert_near(b.cold_seconds, 3.5);
    assert_near(b.cold_gb, 0.3);
    assert_near(b.gb_seconds, 2 * (8 + 0.02 * 3.5));
    double cost = 16.14 * PRICE_LAMBDA_GB_S + 2e-7 + 0.02 * 0.3 * 0.03;
    assert_near(b.cost, cost);
    assert_near(b.crossover, b.task_month / cost);
    assert_near(b.capacity, 730 * 3600 / 8.0);
    assert_near(b.busy, b.crossover * 8 / (730 * 3600));
}

#ifndef __aarch64__
/* Without load balancer and cold starts, the lines cross where one task is 47.6 % busy. */
static void lines_cross_at_half_a_busy_task(void **state)
{
    (void)state;
    struct budget b;
    struct budget_input in = {.scans = 1, .total = 10, .memory_mb = 1769, .vcpu = 1, .gb = 2};
    assert_true(budget_compute(&in, &b));
    double bare = b.task_month - 730 * (PRICE_ALB_HOUR + PRICE_IPV4_HOUR);
    double busy = bare / (b.cost - PRICE_LAMBDA_REQUEST) * b.seconds / (730 * 3600);
    assert_true(fabs(busy - 0.476) < 0.001);
}
#endif

static void sizes_follow_the_threads(void **state)
{
    (void)state;
    double vcpu, gb;
    assert_near(budget_lambda_mb(1, 100 << 20), 1769);
    assert_near(budget_lambda_mb(1, 2000ull << 20), 2000);
    assert_near(budget_lambda_mb(8, 0), 10240);
    budget_fargate_size(1, 100 << 20, &vcpu, &gb);
    assert_near(vcpu, 1);
    assert_near(gb, 2);
    budget_fargate_size(3, 9ull << 30, &vcpu, &gb);
    assert_near(vcpu, 4);
    assert_near(gb, 9);
    budget_fargate_size(64, 0, &vcpu, &gb);
    assert_near(vcpu, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_scans_are_a_state_of_their_own),
        cmocka_unit_test(costs_are_what_the_formula_says),
#ifndef __aarch64__
        cmocka_unit_test(lines_cross_at_half_a_busy_task),
#endif
        cmocka_unit_test(sizes_follow_the_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/memo.h"

enum { DIM = 16, COLUMNS = 40 };

static void setup(struct memo *m, struct arena *arena)
{
    struct err e;
    err_clear(&e);
    struct arena count = { 0 };
    memo_create(m, DIM, COLUMNS, &count);
    assert_int_equal(arena_create(arena, count.used, &e), ERR_OK);
    memo_create(m, DIM, COLUMNS, arena);
}

/* What a layer would compute for an identity. */
static void compute(struct memo *m, const uint64_t *identity)
{
    for (int i = 0; i < m->misses; i++)
        for (int c = 0; c < DIM; c++)
            m->fresh[i * DIM + c] = (float)(identity[m->miss[i]] % 100003) + (float)c / 16;
}

/* Whether known, repeated within the row or driven out by another, each column gets its own value. */
static void each_column_gets_the_value_of_its_identity(void **state)
{
    (void)state;
    struct memo m;
    struct arena arena;
    setup(&m, &arena);
    float y[COLUMNS * DIM];
    uint64_t identity[COLUMNS];
    uint32_t seed = 5;
    int computed = 0, columns = 0;
    for (int row = 0; row < 2000; row++) {
        for (int i = 0; i < COLUMNS; i++) {
            seed = seed * 1664525u + 1013904223u;
            /* Few slots and many identities for each of them. */
            identity[i] = ((uint64_t)(seed >> 28) << 32) + 1 + (seed >> 12) % (row % 50 ? 3 : 300);
        }
        if (!memo_look_up(&m, identity, COLUMNS, y))
            continue;
        compute(&m, identity);
        memo_store(&m, y);
        computed += m.misses;
        columns += COLUMNS;
        for (int i = 0; i < COLUMNS; i++)
            for (int c = 0; c < DIM; c++)
                assert_true(y[i * DIM + c] == (float)(identity[i] % 100003) + (float)c / 16);
    }
    assert_true(computed < columns * 3 / 4);
    arena_free(&arena);
}

static void what_never_repeats_is_not_looked_up_for_a_while(void **state)
{
    (void)state;
    struct memo m;
    struct arena arena;
    setup(&m, &arena);
    float y[COLUMNS * DIM];
    uint64_t identity[COLUMNS], next = 1;
    int looked = 0;
    for (int row = 0; row < 170; row++) {
        for (int i = 0; i < COLUMNS; i++)
            identity[i] = next++ * 0x9e3779b97f4a7c15u;
        if (memo_look_up(&m, identity, COLUMNS, y)) {
            looked++;
            compute(&m, identity);
            memo_store(&m, y);
        }
    }
    assert_int_equal(looked, 10);
    arena_free(&arena);
}

/* Identities differ when any input does, and agree wherever the inputs agree. */
static void identities_depend_on_all_nine_inputs(void **state)
{
    (void)state;
    for (int stride = 1; stride <= 2; stride++) {
        uint64_t in[3][2 * COLUMNS + 1], out[COLUMNS], changed[COLUMNS];
        for (int r = 0; r < 3; r++)
            for (int x = 0; x < 2 * COLUMNS + 1; x++)
                in[r][x] = (uint64_t)(r + 1);
        const uint64_t *const row[3] = { in[0], in[1], in[2] };
        memo_identify(out, row, COLUMNS, stride);
        for (int i = 1; i < COLUMNS; i++)
            assert_true(out[i] == out[0] && out[i] != 0);
        for (int r = 0; r < 3; r++)
            for (int t = 0; t < 3; t++) {
                int centre = 7;
                in[r][centre * stride + t] ^= 64;
                memo_identify(changed, row, COLUMNS, stride);
                assert_true(changed[centre] != out[centre]);
                assert_true(changed[centre + 3] == out[0] && changed[centre - 3] == out[0]);
                in[r][centre * stride + t] ^= 64;
            }
    }
    uint8_t ink[3][2 * COLUMNS + 1] = { { 0 } };
    uint64_t out[COLUMNS], changed[COLUMNS];
    const uint8_t *const row[3] = { ink[0], ink[1], ink[2] };
    memo_identify_ink(out, row, COLUMNS);
    for (int r = 0; r < 3; r++)
        for (int t = 0; t < 3; t++) {
            ink[r][2 * 7 + t] = 1;
            memo_identify_ink(changed, row, COLUMNS);
            assert_true(changed[7] != out[7] && changed[9] == out[9] && changed[5] == out[5]);
            ink[r][2 * 7 + t] = 0;
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_column_gets_the_value_of_its_identity),
        cmocka_unit_test(what_never_repeats_is_not_looked_up_for_a_while),
        cmocka_unit_test(identities_depend_on_all_nine_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

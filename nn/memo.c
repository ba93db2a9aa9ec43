#include "nn/memo.h"

#include <string.h>

enum { TABLE_BYTES = 512 << 10, MIN_SLOTS = 64, REST_ROWS = 16 };

static void *take(struct arena *arena, size_t count, size_t size)
{
    return arena_take(arena, (count * size + sizeof(float) - 1) / sizeof(float));
}

void memo_create(struct memo *m, int dim, int columns, struct arena *arena)
{
    memset(m, 0, sizeof *m);
    m->dim = dim;
    m->slots = MIN_SLOTS;
    while ((size_t)m->slots * 2 * (size_t)dim * sizeof(float) <= TABLE_BYTES)
        m->slots *= 2;
    size_t slots = (size_t)m->slots, width = (size_t)columns;
    m->key = take(arena, slots, sizeof *m->key);
    m->pending = take(arena, slots, sizeof *m->pending);
    m->value = take(arena, slots * (size_t)dim, sizeof *m->value);
    m->miss = take(arena, width, sizeof *m->miss);
    m->miss_slot = take(arena, width, sizeof *m->miss_slot);
    m->repeat = take(arena, width, sizeof *m->repeat);
    m->repeat_of = take(arena, width, sizeof *m->repeat_of);
    m->fresh = take(arena, width * (size_t)dim, sizeof *m->fresh);
    if (m->key) {
        memset(m->key, 0, slots * sizeof *m->key);
        memset(m->pending, -1, slots * sizeof *m->pending);
    }
}

bool memo_look_up(struct memo *m, const uint64_t *identity, int columns, float *y)
{
    if (m->rest > 0) {
        m->rest--;
        return false;
    }
    size_t dim = (size_t)m->dim;
    m->misses = m->repeats = 0;
    for (int i = 0; i < columns; i++) {
        int slot = (int)(identity[i] >> 32) & (m->slots - 1);
        if (m->key[slot] != identity[i]) {
            m->key[slot] = identity[i];
            m->pending[slot] = m->misses;
            m->miss[m->misses] = i;
            m->miss_slot[m->misses++] = slot;
        } else if (m->pending[slot] >= 0) {
            m->repeat[m->repeats] = i;
            m->repeat_of[m->repeats++] = m->pending[slot];
        } else {
            memcpy(y + (size_t)i * dim, m->value + (size_t)slot * dim, dim * sizeof *y);
        }
    }
    if (m->misses > columns - columns / 8)
        m->rest = REST_ROWS;
    return true;
}

void memo_store(struct memo *m, float *y)
{
    size_t dim = (size_t)m->dim, size = dim * sizeof *y;
    for (int n = 0; n < m->misses; n++) {
        const float *fresh = m->fresh + (size_t)n * dim;
        memcpy(y + (size_t)m->miss[n] * dim, fresh, size);
        int slot = m->miss_slot[n];
        if (m->pending[slot] == n) {
            memcpy(m->value + (size_t)slot * dim, fresh, size);
            m->pending[slot] = -1;
        }
    }
    for (int r = 0; r < m->repeats; r++)
        memcpy(y + (size_t)m->repeat[r] * dim, m->fresh + (size_t)m->repeat_of[r] * dim, size);
}

/* Multiplies to 128 bits and folds them (after wyhash, Wang Yi 2019). */
static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 p = (unsigned __int128)(a ^ 0xa0761d6478bd642fu) * (b ^ 0xe7037ed1a0b428dbu);
    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static uint64_t fold3(uint64_t a, uint64_t b, uint64_t c)
{
    return fold(fold(a, b) + 0x8ebc6af09c88c6e3u, c);
}

void memo_identify(uint64_t *identity, const uint64_t *const row[3], int columns, int stride)
{
    /* What one column of the input contributes is shared by its neighbours. */
    uint64_t left = fold3(row[0][0], row[1][0], row[2][0]);
    uint64_t centre = fold3(row[0][1], row[1][1], row[2][1]);
    for (int i = 0; i < columns; i++) {
        int x = i * stride + 2;
        uint64_t right = fold3(row[0][x], row[1][x], row[2][x]);
        uint64_t h = fold3(left, centre, right);
        identity[i] = h ? h : 1;
        left = stride == 1 ? centre : right;
        centre = right;
        if (stride == 2 && i + 1 < columns)
            centre = fold3(row[0][x + 1], row[1][x + 1], row[2][x + 1]);
    }
}

void memo_identify_ink(uint64_t *identity, const uint8_t *const row[3], int columns)
{
    for (int i = 0; i < columns; i++) {
        uint64_t h[3];
        for (int t = 0; t < 3; t++)
            h[t] = (uint64_t)row[0][2 * i + t] << 16 | (uint64_t)row[1][2 * i + t] << 8 | row[2][2 * i + t];
        uint64_t v = fold(h[0] << 24 | h[1], h[2] + 1);
        identity[i] = v ? v : 1;
    }
}

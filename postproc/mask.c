#include "postproc/mask.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"

/* A stored row is a kind byte, a two-byte length, and that many bytes:
 *   EXACT   runs of kept values: column (2 bytes), count - 1 (1 byte), then the values;
 *   COARSE  for rows with too many runs to be a curve's: first pair of columns (2 bytes), then for each
 *           pair its larger value in 4 bits, two pairs a byte.
 * The coarse form bounds a row to a quarter of a byte a column, whatever the network answers. */
enum { KIND_EXACT = 1, KIND_COARSE = 2, HEAD = 3, MAX_COLUMNS = 65535 };

/* The rows of one mask_put, kept until mask_free. */
struct chunk {
    struct chunk *next;
    uint8_t bytes[];
};

struct mask {
    int classes, rows, columns;
    _Atomic(struct chunk *) chunks;
    const uint8_t **row;   /* [classes, rows], NULL where nothing was stored */
};

static size_t payload_limit(int columns)
{
    return (size_t)columns / 4 + 64;
}

enum err_code mask_create(struct mask **out, int classes, int rows, int columns, struct err *e)
{
    struct mask *mask;
    size_t n;

    if (classes < 1 || rows < 1 || columns < 1 || columns > MAX_COLUMNS ||
        !size_mul((size_t)classes, (size_t)rows, &n))
        return err_set(e, ERR_TOO_LARGE, "a mask of %d rows and %d columns cannot be held", rows, columns);
    mask = malloc(sizeof *mask);
    if (!mask)
        return err_memory(e, "the mask");
    mask->row = calloc(n, sizeof *mask->row);
    if (!mask->row) {
        free(mask);
        return err_memory(e, "the mask's rows");
    }
    mask->classes = classes;
    mask->rows = rows;
    mask->columns = columns;
    atomic_init(&mask->chunks, NULL);
    *out = mask;
    return ERR_OK;
}

void mask_free(struct mask *mask)
{
    struct chunk *chunk, *next;

    if (!mask)
        return;
    for (chunk = atomic_load(&mask->chunks); chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    free(mask->row);
    free(mask);
}

int mask_classes(const struct mask *mask)
{
    return mask->classes;
}

int mask_rows(const struct mask *mask)
{
    return mask->rows;
}

int mask_columns(const struct mask *mask)
{
    return mask->columns;
}

static void quantise(uint8_t *q, const float *logits, int columns)
{
    for (int x = 0; x < columns; x++) {
        float v = logits[x] * MASK_SCALE + MASK_HALF + 0.5f;

        /* NaN fails the comparison and is not kept. */
        q[x] = v >= MASK_FLOOR ? (uint8_t)(v < 255 ? v : 255) : 0;
    }
}

/* Writes the row's runs; 0 when they do not fit the limit (or nothing is kept). */
static size_t encode_exact(uint8_t *to, size_t limit, const uint8_t *q, int columns)
{
    size_t size = 0;

    for (int x = 0; x < columns;) {
        int n = 0;

        if (!q[x]) {
            x++;
            continue;
        }
        while (x + n < columns && n < 256 && q[x + n])
            n++;
        if (size + 3 + (size_t)n > limit)
            return 0;
        to[size++] = (uint8_t)(x & 255);
        to[size++] = (uint8_t)(x >> 8);
        to[size++] = (uint8_t)(n - 1);
        memcpy(to + size, q + x, (size_t)n);
        size += (size_t)n;
        x += n;
    }
    return size;
}

static unsigned nibble_of(const uint8_t *q, int pair, int columns)
{
    int x = 2 * pair;
    unsigned v;

    if (x >= columns)
        return 0;
    v = q[x];
    if (x + 1 < columns && q[x + 1] > v)
        v = q[x + 1];
    return v < MASK_FLOOR ? 0 : 1 + (v - MASK_FLOOR) * 15 / (256 - MASK_FLOOR);
}

static size_t encode_coarse(uint8_t *to, const uint8_t *q, int columns)
{
    int first = 0, last = columns - 1;
    size_t size = 0;

    while (!q[first])
        first++;
    while (!q[last])
        last--;
    first /= 2;
    last /= 2;
    to[size++] = (uint8_t)(first & 255);
    to[size++] = (uint8_t)(first >> 8);
    for (int pair = first; pair <= last; pair += 2)
        to[size++] = (uint8_t)(nibble_of(q, pair, columns) << 4 | nibble_of(q, pair + 1, columns));
    return size;
}

/* Encodes one row with its head; 0 when nothing is kept. */
static size_t encode(uint8_t *to, const uint8_t *q, int columns)
{
    size_t size = encode_exact(to + HEAD, payload_limit(columns), q, columns);
    uint8_t kind = KIND_EXACT;

    if (!size) {
        bool any = false;

        for (int x = 0; x < columns && !any; x++)
            any = q[x] != 0;
        if (!any)
            return 0;
        size = encode_coarse(to + HEAD, q, columns);
        kind = KIND_COARSE;
    }
    to[0] = kind;
    to[1] = (uint8_t)(size & 255);
    to[2] = (uint8_t)(size >> 8);
    return HEAD + size;
}

static void keep(struct mask *mask, struct chunk *chunk)
{
    chunk->next = atomic_load(&mask->chunks);
    while (!atomic_compare_exchange_weak(&mask->chunks, &chunk->next, chunk))
        ;
}

/* Row r of one class of the logits, to q: [columns]. */
static void quantise_row(uint8_t *q, int columns, const struct mask_logits *logits, size_t c, size_t r)
{
    const float *row = logits->at + c * logits->class_stride + r * logits->row_stride;
    int place = logits->x0 + (logits->shift ? logits->shift[r] : 0);
    int from = place < 0 ? -place : 0, to = place > 0 ? place : 0;
    int n = logits->columns - from < columns - to ? logits->columns - from : columns - to;

    memset(q, 0, (size_t)columns);
    if (n > 0)
        quantise(q + to, row + from, n);
}

enum err_code mask_put(struct mask *mask, int y, int rows, const struct mask_logits *logits, struct err *e)
{
    size_t n, most, size = 0, *at = NULL;
    struct chunk *chunk = NULL, *smaller;
    uint8_t *q = NULL;
    enum err_code rc = ERR_OK;

    if (y < 0 || rows < 0 || rows > mask->rows - y)
        return err_set(e, ERR_INTERNAL, "rows %d to %d lie outside the mask", y, y + rows);
    if (rows == 0)
        return ERR_OK;
    n = (size_t)rows * (size_t)mask->classes;
    q = malloc((size_t)mask->columns);
    at = malloc(n * sizeof *at);
    if (!size_mul(n, HEAD + payload_limit(mask->columns), &most) ||
        !size_add(most, sizeof *chunk, &most) || !q || !at || !(chunk = malloc(most))) {
        rc = err_memory(e, "the mask's rows");
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        size_t c = i / (size_t)rows, r = i % (size_t)rows, used;

        quantise_row(q, mask->columns, logits, c, r);
        used = encode(chunk->bytes + size, q, mask->columns);
        at[i] = used ? size : SIZE_MAX;
        size += used;
    }
    smaller = realloc(chunk, sizeof *chunk + size);
    if (smaller)
        chunk = smaller;
    for (size_t i = 0; i < n; i++) {
        size_t c = i / (size_t)rows, r = i % (size_t)rows;

        mask->row[c * (size_t)mask->rows + (size_t)y + r] = at[i] == SIZE_MAX ? NULL : chunk->bytes + at[i];
    }
    keep(mask, chunk);
out:
    free(at);
    free(q);
    return rc;
}

static void decode_exact(const uint8_t *from, size_t size, uint8_t *q)
{
    for (size_t i = 0; i < size;) {
        size_t x = from[i] | (size_t)from[i + 1] << 8, n = (size_t)from[i + 2] + 1;

        memcpy(q + x, from + i + 3, n);
        i += 3 + n;
    }
}

static void decode_coarse(const uint8_t *from, size_t size, uint8_t *q, int columns)
{
    int pair = from[0] | from[1] << 8;

    for (size_t i = 2; i < size; i++, pair += 2) {
        for (int half = 0; half < 4; half++) {
            int x = 2 * pair + half;
            unsigned v = half < 2 ? from[i] >> 4 : from[i] & 15;

            if (v && x < columns)
                q[x] = (uint8_t)(MASK_FLOOR + (v - 1) * (256 - MASK_FLOOR) / 15 + 6);
        }
    }
}

void mask_get(const struct mask *mask, int class_index, int y, uint8_t *q)
{
    const uint8_t *row = mask->row[(size_t)class_index * (size_t)mask->rows + (size_t)y];
    size_t size;

    memset(q, 0, (size_t)mask->columns);
    if (!row)
        return;
    size = row[1] | (size_t)row[2] << 8;
    if (row[0] == KIND_EXACT)
        decode_exact(row + HEAD, size, q);
    else
        decode_coarse(row + HEAD, size, q, mask->columns);
}

/* The transformer layers at 1/32, over all tokens of the window.  Attention runs over blocks of keys with
 * a running softmax (Dao et al. 2022, "FlashAttention"; Milakov and Gimelshein 2018), so that no matrix of
 * scores exists. */
#include <math.h>
#include <string.h>

#include "nn/forward.h"

enum { KEYS = 256, QUERIES = 96 };   /* tokens in a block of keys, and of queries; both fixed */

/* Working memory of all layers. */
struct tokens {
    struct forward *f;
    const struct attention *layer;
    int count, blocks;          /* tokens; blocks of KEYS */
    int dim, heads, head_dim;
    size_t head_round;          /* head_dim padded */
    struct arena memory;
    float *t;                   /* [count][dim]: the layer's running value */
    float *q;                   /* [count][dim]: queries, then what attention makes of them */
    float *k, *v;               /* [heads][blocks], packed blocks of keys and of values */
    int begun;                  /* tasks, of one layer's loops, for the progress */
};

static size_t key_block_floats(const struct tokens *t)
{
    return kernels_packed(t->head_dim, KEYS);
}

static size_t value_block_floats(const struct tokens *t)
{
    return (size_t)KEYS * t->head_round;
}

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t work_floats(const struct forward *f)
{
    int dim = f->net->info.dim, mlp = f->net->info.mlp, widest = mlp > 3 * dim ? mlp : 3 * dim;
    return kernels_gemm_work(widest > KEYS ? widest : KEYS, widest > KEYS ? widest : KEYS);
}

size_t bottleneck_scratch(const struct forward *f)
{
    size_t dim = (size_t)f->net->info.dim, mlp = (size_t)f->net->info.mlp;
    size_t project = KEYS * (dim + 3 * dim);
    size_t attend = QUERIES * (KEYS + kernels_round(dim / (size_t)f->net->info.heads) + 2);
    size_t feed = QUERIES * (dim + mlp);
    return most(project, most(attend, feed)) + work_floats(f) + 64 * 8;
}

/* t = x + pos(x), one row of the map. */
static enum err_code add_position(void *ctx, size_t task, int worker, struct err *e)
{
    (void)worker;
    struct tokens *t = ctx;
    const struct map *x = &t->f->skip[5];
    int y = (int)task;
    size_t dim = (size_t)t->dim;
    struct arena *arena = &t->f->arena[worker];
    arena->used = 0;
    float *zeros = NULL;
    struct depthwise d = { .w = t->layer->pos, .bias = t->layer->pos_bias, .columns = x->width, .dim = t->dim,
                           .stride = 1, .add = map_row(x, y) + dim, .y = t->t + (size_t)(y * x->width) * dim };
    if (y == 0 || y + 1 == x->height) {
        zeros = arena_take(arena, x->row_floats);
        memset(zeros, 0, x->row_floats * sizeof *zeros);
    }
    for (int r = 0; r < 3; r++)
        d.row[r] = y + r - 1 < 0 || y + r - 1 >= x->height ? zeros : map_row(x, y + r - 1);
    t->f->net->kernels->depthwise(&d);
    return job_check(t->f->job, e);
}

/* Queries, keys and values of one block of tokens, the latter two packed for the products they enter. */
static enum err_code project(void *ctx, size_t task, int worker, struct err *e)
{
    struct tokens *t = ctx;
    const struct kernels *kn = t->f->net->kernels;
    struct arena *arena = &t->f->arena[worker];
    arena->used = 0;
    size_t dim = (size_t)t->dim, first = task * KEYS, d = (size_t)t->head_dim;
    size_t rows = (size_t)t->count - first < KEYS ? (size_t)t->count - first : KEYS;
    float *normal = arena_take(arena, KEYS * dim), *qkv = arena_take(arena, KEYS * 3 * dim);
    kn->layer_norm(normal, t->t + first * dim, rows, t->dim, t->layer->ln1_gain, t->layer->ln1_bias);
    kn->gemm(&(struct gemm){ .rows = rows, .k = t->dim, .n = 3 * t->dim, .x = normal, .x_stride = dim,
                             .w = t->layer->qkv.w, .bias = t->layer->qkv.bias, .y = qkv, .y_stride = 3 * dim,
                             .work = arena_take(arena, work_floats(t->f)) });
    float scale = 1.4426950409f / sqrtf((float)t->head_dim);   /* scores are logarithms to base 2 */
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < dim; c++)
            t->q[(first + i) * dim + c] = qkv[i * 3 * dim + c] * scale;
    for (size_t h = 0; h < (size_t)t->heads; h++) {
        size_t block = h * (size_t)t->blocks + task;
        kernels_pack(kn, t->k + block * key_block_floats(t), qkv + dim + h * d, 1, 3 * dim, t->head_dim, (int)rows);
        kernels_pack(kn, t->v + block * value_block_floats(t), qkv + 2 * dim + h * d, 3 * dim, 1, (int)rows,
                     t->head_dim);
    }
    return job_check(t->f->job, e);
}

/* One head of one block of queries against all keys; the result replaces the queries. */
static enum err_code attend(void *ctx, size_t task, int worker, struct err *e)
{
    struct tokens *t = ctx;
    const struct kernels *kn = t->f->net->kernels;
    struct arena *arena = &t->f->arena[worker];
    arena->used = 0;
    size_t query_blocks = ((size_t)t->count + QUERIES - 1) / QUERIES;
    size_t head = task / query_blocks, first = task % query_blocks * QUERIES, dim = (size_t)t->dim;
    size_t rows = (size_t)t->count - first < QUERIES ? (size_t)t->count - first : QUERIES;
    float *q = t->q + first * dim + head * (size_t)t->head_dim;
    float *s = arena_take(arena, QUERIES * KEYS), *o = arena_take(arena, QUERIES * t->head_round);
    float *max = arena_take(arena, QUERIES), *sum = arena_take(arena, QUERIES);
    float *work = arena_take(arena, work_floats(t->f));
    memset(o, 0, rows * t->head_round * sizeof *o);
    for (size_t i = 0; i < rows; i++) {
        max[i] = -INFINITY;
        sum[i] = 0;
    }
    for (int b = 0; b < t->blocks; b++) {
        int keys = t->count - b * KEYS < KEYS ? t->count - b * KEYS : KEYS;
        size_t block = head * (size_t)t->blocks + (size_t)b;
        kn->gemm(&(struct gemm){ .rows = rows, .k = t->head_dim, .n = keys, .x = q, .x_stride = dim,
                                 .w = t->k + block * key_block_floats(t), .y = s, .y_stride = KEYS, .work = work });
        kn->softmax(s, KEYS, rows, keys, max, sum, o, t->head_round, (int)t->head_round);
        kn->gemm(&(struct gemm){ .rows = rows, .k = keys, .n = t->head_dim, .x = s, .x_stride = KEYS,
                                 .w = t->v + block * value_block_floats(t), .add = o, .add_stride = t->head_round,
                                 .y = o, .y_stride = t->head_round, .sparse = true, .work = work });
    }
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < (size_t)t->head_dim; c++)
            q[i * dim + c] = o[i * t->head_round + c] / sum[i];
    return job_check(t->f->job, e);
}

/* t += proj(attended), t += mlp(t), and back into the map, for one block of tokens. */
static enum err_code feed_forward(void *ctx, size_t task, int worker, struct err *e)
{
    struct tokens *t = ctx;
    const struct kernels *kn = t->f->net->kernels;
    const struct attention *l = t->layer;
    struct arena *arena = &t->f->arena[worker];
    arena->used = 0;
    size_t dim = (size_t)t->dim, first = task * QUERIES, mlp = (size_t)l->mlp1.n;
    size_t rows = (size_t)t->count - first < QUERIES ? (size_t)t->count - first : QUERIES;
    float *normal = arena_take(arena, QUERIES * dim), *hidden = arena_take(arena, QUERIES * mlp);
    float *work = arena_take(arena, work_floats(t->f)), *x = t->t + first * dim;
    kn->gemm(&(struct gemm){ .rows = rows, .k = t->dim, .n = t->dim, .x = t->q + first * dim, .x_stride = dim,
                             .w = l->proj.w, .bias = l->proj.bias, .add = x, .add_stride = dim, .y = x,
                             .y_stride = dim, .work = work });
    kn->layer_norm(normal, x, rows, t->dim, l->ln2_gain, l->ln2_bias);
    kn->gemm(&(struct gemm){ .rows = rows, .k = t->dim, .n = l->mlp1.n, .x = normal, .x_stride = dim,
                             .w = l->mlp1.w, .bias = l->mlp1.bias, .y = hidden, .y_stride = mlp, .work = work });
    kn->gelu(hidden, rows * mlp);
    kn->gemm(&(struct gemm){ .rows = rows, .k = l->mlp2.k, .n = t->dim, .x = hidden, .x_stride = mlp,
                             .w = l->mlp2.w, .bias = l->mlp2.bias, .add = x, .add_stride = dim, .y = x,
                             .y_stride = dim, .work = work });
    const struct map *map = &t->f->skip[5];
    size_t width = (size_t)map->width;
    for (size_t i = 0; i < rows; i++)
        memcpy(map_row(map, (int)((first + i) / width)) + ((first + i) % width + 1) * dim, x + i * dim,
               dim * sizeof *x);
    return job_check(t->f->job, e);
}

static enum err_code run_layer(struct tokens *t, struct err *e)
{
    struct pool *pool = t->f->pool;
    size_t query_blocks = ((size_t)t->count + QUERIES - 1) / QUERIES;
    enum err_code code = pool_run(pool, (size_t)t->f->skip[5].height, add_position, t, e);
    if (!code)
        code = pool_run(pool, (size_t)t->blocks, project, t, e);
    if (!code)
        code = pool_run(pool, query_blocks * (size_t)t->heads, attend, t, e);
    if (!code)
        code = pool_run(pool, query_blocks, feed_forward, t, e);
    return code;
}

/* The first walk counts, the second hands out. */
static void take_memory(struct tokens *t)
{
    size_t values = (size_t)t->count * (size_t)t->dim, blocks = (size_t)t->heads * (size_t)t->blocks;
    t->t = arena_take(&t->memory, values);
    t->q = arena_take(&t->memory, values);
    t->k = arena_take(&t->memory, blocks * key_block_floats(t));
    t->v = arena_take(&t->memory, blocks * value_block_floats(t));
}

enum err_code bottleneck_run(struct forward *f, struct err *e)
{
    const struct curvenet_info *info = &f->net->info;
    const struct map *x = &f->skip[5];
    struct tokens t = { .f = f, .count = x->height * x->width, .dim = info->dim, .heads = info->heads,
                        .head_dim = info->dim / info->heads };
    t.head_round = kernels_round((size_t)t.head_dim);
    t.blocks = (t.count + KEYS - 1) / KEYS;
    if (info->attention_layers == 0)
        return ERR_OK;
    take_memory(&t);
    enum err_code code = arena_create(&t.memory, t.memory.used, e);
    if (code)
        return code;
    take_memory(&t);
    for (int i = 0; i < info->attention_layers && !code; i++) {
        t.layer = &f->net->attention[i];
        job_progress(f->job, "network", 0.4 + 0.1 * i / info->attention_layers);
        code = run_layer(&t, e);
    }
    arena_free(&t.memory);
    return code;
}

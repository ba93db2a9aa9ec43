#include "nn/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "base/size.h"
#include "nn/corrector.h"

enum { ALIGNMENT = 64 };

/* One tensor to be packed. */
struct packing {
    enum { PACK_VECTOR, PACK_FILTER, PACK_MATRIX } what;
    float *from, *to;           /* the same where it is packed in place */
    size_t k, n;                /* a matrix's; n alone is a vector's elements, or a filter's channels */
    float scale;                /* of a filter */
};

/* Packs tensors where they were read, so that a large network's memory is touched once.  The few that need padding
 * or lie askew go to further memory.  While `list` is NULL it only counts what is needed. */
struct packer {
    const struct checkpoint *cp;
    const struct kernels *kernels;
    struct packing *list;       /* [cp->file.count] */
    size_t listed;
    float *scratch;             /* [threads, scratch_floats]: one tensor, or one panel of a matrix */
    size_t scratch_floats;
    float *further;
    size_t used;
};

static float *values(const struct packer *p, const char *name)
{
    return (float *)(void *)(p->cp->file.data + safetensors_find(&p->cp->file, name)->offset);
}

static void need_scratch(struct packer *p, size_t floats)
{
    if (floats > p->scratch_floats)
        p->scratch_floats = floats;
}

/* Where the tensor goes, of which `floats` come from the file: there, if nothing has to be added. */
static float *place(struct packer *p, const char *name, size_t floats, size_t padded)
{
    float *own = values(p, name);
    if (floats == padded && (uintptr_t)own % ALIGNMENT == 0)
        return own;
    float *at = p->further ? p->further + p->used : NULL;
    p->used += padded;
    return at;
}

static void put_on_list(struct packer *p, struct packing packing)
{
    if (p->list)
        p->list[p->listed++] = packing;
}

static void pack_vector_now(const struct packing *v)
{
    if (v->to == v->from)
        return;
    memcpy(v->to, v->from, v->n * sizeof *v->to);
    memset(v->to + v->n, 0, (kernels_round(v->n) - v->n) * sizeof *v->to);
}

static void pack_filter_now(const struct packing *f, float *scratch)
{
    for (size_t c = 0; c < f->n; c++)
        for (size_t t = 0; t < 9; t++)
            scratch[t * f->n + c] = f->from[c * 9 + t] * f->scale;
    memcpy(f->to, scratch, 9 * f->n * sizeof *f->to);
}

static enum err_code pack_now(void *ctx, size_t task, int worker, struct err *e)
{
    const struct packer *p = ctx;
    const struct packing *t = &p->list[task];
    float *scratch = p->scratch + (size_t)worker * p->scratch_floats;
    (void)e;
    if (t->what == PACK_VECTOR)
        pack_vector_now(t);
    else if (t->what == PACK_FILTER)
        pack_filter_now(t, scratch);
    else if (t->to == t->from)
        kernels_pack_in_place(p->kernels, t->to, (int)t->k, (int)t->n, scratch);
    else
        kernels_pack(p->kernels, t->to, t->from, 1, t->k, (int)t->k, (int)t->n);
    return ERR_OK;
}

/* A vector, padded with zeros. */
static const float *pack_vector(struct packer *p, const char *name, size_t n)
{
    float *v = place(p, name, n, kernels_round(n));
    put_on_list(p, (struct packing){ .what = PACK_VECTOR, .from = values(p, name), .to = v, .n = n });
    return v;
}

/* A 3x3 filter per channel, [dim][1][3][3] in the file, as [9][dim] times `scale`. */
static const float *pack_filter(struct packer *p, const char *name, size_t dim, float scale)
{
    float *v = place(p, name, 9 * dim, 9 * dim);
    need_scratch(p, 9 * dim);
    put_on_list(p, (struct packing){ .what = PACK_FILTER, .from = values(p, name), .to = v, .n = dim,
                                     .scale = scale });
    return v;
}

static struct linear pack_linear(struct packer *p, const char *prefix, int k, int n)
{
    char name[80];
    snprintf(name, sizeof name, "%s.weight", prefix);
    float *w = place(p, name, (size_t)k * (size_t)n, kernels_packed(k, n));
    need_scratch(p, kernels_pack_scratch(p->kernels, k, n));
    put_on_list(p, (struct packing){ .what = PACK_MATRIX, .from = values(p, name), .to = w, .k = (size_t)k,
                                     .n = (size_t)n });
    struct linear l = { .k = k, .n = n, .w = w };
    snprintf(name, sizeof name, "%s.bias", prefix);
    l.bias = pack_vector(p, name, (size_t)n);
    return l;
}

static struct separable pack_separable(struct packer *p, const char *prefix)
{
    int dim = p->cp->info.dim;
    char name[80];
    struct separable s;
    snprintf(name, sizeof name, "%s.dw.weight", prefix);
    s.dw = pack_filter(p, name, (size_t)dim, 1);
    snprintf(name, sizeof name, "%s.dw.bias", prefix);
    s.dw_bias = pack_vector(p, name, (size_t)dim);
    snprintf(name, sizeof name, "%s.pw", prefix);
    s.pw = pack_linear(p, name, dim, dim);
    return s;
}

/* The attention layer's vector `part`, the file's name for it being attnI.part. */
static const float *pack_part(struct packer *p, int layer, const char *part)
{
    char name[80];
    snprintf(name, sizeof name, "attn%d.%s", layer, part);
    return pack_vector(p, name, (size_t)p->cp->info.dim);
}

static struct linear pack_layer_linear(struct packer *p, int layer, const char *part, int k, int n)
{
    char prefix[64];
    snprintf(prefix, sizeof prefix, "attn%d.%s", layer, part);
    return pack_linear(p, prefix, k, n);
}

static struct attention pack_attention(struct packer *p, int layer)
{
    int dim = p->cp->info.dim, mlp = p->cp->info.mlp;
    char name[64];
    snprintf(name, sizeof name, "attn%d.pos.weight", layer);
    return (struct attention){
        .pos = pack_filter(p, name, (size_t)dim, 1),
        .pos_bias = pack_part(p, layer, "pos.bias"),
        .ln1_gain = pack_part(p, layer, "ln1.weight"),
        .ln1_bias = pack_part(p, layer, "ln1.bias"),
        .ln2_gain = pack_part(p, layer, "ln2.weight"),
        .ln2_bias = pack_part(p, layer, "ln2.bias"),
        .qkv = pack_layer_linear(p, layer, "qkv", dim, 3 * dim),
        .proj = pack_layer_linear(p, layer, "proj", dim, dim),
        .mlp1 = pack_layer_linear(p, layer, "mlp1", dim, mlp),
        .mlp2 = pack_layer_linear(p, layer, "mlp2", mlp, dim),
    };
}

static void pack_network(struct packer *p, struct curvenet *net)
{
    const struct curvenet_info *info = &p->cp->info;
    char prefix[32];
    net->stem = pack_filter(p, "enc1.conv.weight", (size_t)info->dim, 1 / 255.0f);
    net->stem_bias = pack_vector(p, "enc1.conv.bias", (size_t)info->dim);
    for (int n = 1; n <= 5; n++) {
        snprintf(prefix, sizeof prefix, "enc%d.down", n);
        if (n > 1)
            net->down[n - 1] = pack_separable(p, prefix);
        snprintf(prefix, sizeof prefix, "enc%d.block", n);
        net->block[n - 1] = pack_separable(p, prefix);
    }
    for (int i = 1; i <= info->attention_layers; i++)
        net->attention[i - 1] = pack_attention(p, i);
    for (int n = 1; n <= (info->head == HEAD_FULL ? 5 : 4); n++) {
        snprintf(prefix, sizeof prefix, "dec%d.block", n);
        net->up[n - 1] = pack_separable(p, prefix);
    }
    net->head = pack_linear(p, "head", info->dim, info->head == HEAD_FULL ? info->classes : 4 * info->classes);
    if (info->corrector[0] > 0) {
        net->corrector[0] = pack_linear(p, "corrector1", CORRECTOR_INPUTS, info->corrector[0]);
        net->corrector[1] = pack_linear(p, "corrector2", info->corrector[0], info->corrector[1]);
        net->corrector[2] = pack_linear(p, "corrector3", info->corrector[1], 1);
    }
}

/* Memory for `floats` floats from an aligned address on. */
static enum err_code allocate(void **allocation, float **at, size_t floats, struct err *e)
{
    size_t bytes;
    if (!size_mul(floats, sizeof(float), &bytes) || !size_add(bytes, ALIGNMENT, &bytes) ||
        !(*allocation = malloc(bytes)))
        return err_memory(e, "the network");
    *at = (float *)(void *)((char *)*allocation + (-(uintptr_t)*allocation % ALIGNMENT));
    return ERR_OK;
}

/* Points net's weights at where they will be, and packs them there. */
static enum err_code pack(struct packer *p, struct curvenet *net, int threads, struct err *e)
{
    void *scratch = NULL;
    struct pool *pool = NULL;
    pack_network(p, net);
    enum err_code code = allocate(&net->further, &p->further, p->used, e);
    size_t scratch_floats = 0;
    if (!code && !size_mul((size_t)threads, p->scratch_floats, &scratch_floats))
        code = err_memory(e, "the network");
    if (!code)
        code = allocate(&scratch, &p->scratch, scratch_floats, e);
    if (!code && !(p->list = calloc(p->cp->file.count, sizeof *p->list)))
        code = err_memory(e, "the network");
    if (!code)
        code = pool_create(&pool, threads, e);
    if (!code) {
        p->used = 0;
        pack_network(p, net);
        code = pool_run(pool, p->listed, pack_now, p, e);
    }
    pool_free(pool);
    free(p->list);
    free(scratch);
    return code;
}

enum err_code model_build(struct curvenet **out, struct checkpoint *cp, const struct kernels *kernels, int threads,
                          struct err *e)
{
    struct curvenet *net = calloc(1, sizeof *net);
    if (!net)
        return err_memory(e, "the network");
    struct packer p = { .cp = cp, .kernels = kernels };
    enum err_code code = pack(&p, net, threads < 1 ? 1 : threads, e);
    if (code) {
        curvenet_free(net);
        return code;
    }
    net->info = cp->info;
    net->kernels = kernels;
    net->weights = cp->file.allocation;
    cp->file.allocation = NULL;
    *out = net;
    return ERR_OK;
}

void curvenet_free(struct curvenet *net)
{
    if (!net)
        return;
    free(net->weights);
    free(net->further);
    free(net);
}

const struct curvenet_info *curvenet_info(const struct curvenet *net)
{
    return &net->info;
}

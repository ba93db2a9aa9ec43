#include "nn/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"

enum { ALIGNMENT = 64 };

/* Packs tensors where they were read, so that a large network's memory is touched once.  The few that need padding
 * or lie askew go to further memory.  While `scratch` is NULL it only counts what is needed. */
struct packer {
    const struct checkpoint *cp;
    const struct kernels *kernels;
    float *scratch;             /* one tensor, or one panel of a matrix */
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

/* A vector, padded with zeros. */
static const float *pack_vector(struct packer *p, const char *name, size_t n)
{
    float *v = place(p, name, n, kernels_round(n)), *own = values(p, name);
    if (!p->scratch || v == own)
        return v;
    memcpy(v, own, n * sizeof *v);
    memset(v + n, 0, (kernels_round(n) - n) * sizeof *v);
    return v;
}

/* A 3x3 filter per channel, [dim][1][3][3] in the file, as [9][dim] times `scale`. */
static const float *pack_filter(struct packer *p, const char *name, size_t dim, float scale)
{
    float *v = place(p, name, 9 * dim, 9 * dim);
    const float *w = values(p, name);
    need_scratch(p, 9 * dim);
    if (!p->scratch)
        return NULL;
    for (size_t c = 0; c < dim; c++)
        for (size_t t = 0; t < 9; t++)
            p->scratch[t * dim + c] = w[c * 9 + t] * scale;
    memcpy(v, p->scratch, 9 * dim * sizeof *v);
    return v;
}

static struct linear pack_linear(struct packer *p, const char *prefix, int k, int n)
{
    char name[80];
    snprintf(name, sizeof name, "%s.weight", prefix);
    float *w = place(p, name, (size_t)k * (size_t)n, kernels_packed(k, n)), *own = values(p, name);
    need_scratch(p, kernels_pack_scratch(p->kernels, k, n));
    if (p->scratch && w == own)
        kernels_pack_in_place(p->kernels, w, k, n, p->scratch);
    else if (p->scratch)
        kernels_pack(p->kernels, w, own, 1, (size_t)k, k, n);
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

enum err_code model_build(struct curvenet **out, struct checkpoint *cp, const struct kernels *kernels, struct err *e)
{
    struct curvenet *net = calloc(1, sizeof *net);
    if (!net)
        return err_memory(e, "the network");
    struct packer p = { .cp = cp, .kernels = kernels };
    pack_network(&p, net);
    void *scratch = NULL;
    float *at = NULL;
    enum err_code code = allocate(&net->further, &p.further, p.used, e);
    if (!code)
        code = allocate(&scratch, &at, p.scratch_floats, e);
    if (code) {
        curvenet_free(net);
        return code;
    }
    p.scratch = at;
    p.used = 0;
    pack_network(&p, net);
    free(scratch);
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

#include "nn/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"

enum { ALIGNMENT = 64 };

/* Hands out pieces of one allocation; while `base` is NULL it only counts what is needed. */
struct packer {
    const struct checkpoint *cp;
    const struct kernels *kernels;
    float *base;
    size_t used;
};

static float *take(struct packer *p, size_t floats)
{
    float *at = p->base ? p->base + p->used : NULL;
    p->used += kernels_round(floats);
    return at;
}

/* A vector, padded with zeros. */
static const float *pack_vector(struct packer *p, const char *name, size_t n)
{
    float *v = take(p, n);
    if (!v)
        return NULL;
    memcpy(v, checkpoint_values(p->cp, "%s", name), n * sizeof *v);
    memset(v + n, 0, (kernels_round(n) - n) * sizeof *v);
    return v;
}

/* A 3x3 filter per channel, [dim][1][3][3] in the file, as [9][dim] times `scale`. */
static const float *pack_filter(struct packer *p, const char *name, size_t dim, float scale)
{
    float *v = take(p, 9 * dim);
    if (!v)
        return NULL;
    const float *w = checkpoint_values(p->cp, "%s", name);
    for (size_t c = 0; c < dim; c++)
        for (size_t t = 0; t < 9; t++)
            v[t * dim + c] = w[c * 9 + t] * scale;
    return v;
}

static struct linear pack_linear(struct packer *p, const char *prefix, int k, int n)
{
    char name[80];
    struct linear l = { .k = k, .n = n };
    float *w = take(p, kernels_packed(k, n));
    snprintf(name, sizeof name, "%s.weight", prefix);
    if (w)
        kernels_pack(p->kernels, w, checkpoint_values(p->cp, "%s", name), 1, (size_t)k, k, n);
    l.w = w;
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

enum err_code model_build(struct curvenet **out, const struct checkpoint *cp, const struct kernels *kernels,
                          struct err *e)
{
    struct curvenet *net = calloc(1, sizeof *net);
    if (!net)
        return err_memory(e, "the network");
    struct packer p = { .cp = cp, .kernels = kernels };
    pack_network(&p, net);
    size_t bytes;
    if (!size_mul(p.used, sizeof(float), &bytes) || !size_add(bytes, ALIGNMENT, &bytes) ||
        !(net->weights = malloc(bytes))) {
        curvenet_free(net);
        return err_memory(e, "the network");
    }
    p.base = (float *)(void *)((char *)net->weights + (-(uintptr_t)net->weights % ALIGNMENT));
    p.used = 0;
    pack_network(&p, net);
    net->info = cp->info;
    net->kernels = kernels;
    *out = net;
    return ERR_OK;
}

void curvenet_free(struct curvenet *net)
{
    if (!net)
        return;
    free(net->weights);
    free(net);
}

const struct curvenet_info *curvenet_info(const struct curvenet *net)
{
    return &net->info;
}

#include "nn/checkpoint.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/corrector.h"
#include "nn/metadata.h"

/* What is known while the tensors are held against what the metadata ask for. */
struct check {
    const struct safetensors *file;
    bool *expected;       /* [file->count]: the network has a tensor of this name */
    bool finite;          /* all values are */
    struct err *e;
};

enum { LANES = 16 };

/* An exponent of all ones, an infinity or not a number, carries into the sign's place. */
static void gather(uint32_t top[LANES], const uint32_t bits[LANES])
{
    for (int k = 0; k < LANES; k++)
        top[k] |= (bits[k] & 0x7fffffffu) + 0x00800000u;
}

static bool finite(const float *v, size_t n)
{
    uint32_t top[LANES] = { 0 }, bits[LANES] = { 0 }, any = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        memcpy(bits, v + i, sizeof bits);
        gather(top, bits);
    }
    memcpy(bits, v + i, (n - i) * sizeof *v);
    gather(top, bits);
    for (int k = 0; k < LANES; k++)
        any |= top[k];
    return !(any >> 31);
}

static void shape_text(char *text, size_t size, int rank, const size_t *shape)
{
    size_t n = (size_t)snprintf(text, size, "[");
    for (int i = 0; i < rank && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, i ? ", %zu" : "%zu", shape[i]);
    if (n < size)
        snprintf(text + n, size - n, "]");
}

static enum err_code expect(struct check *c, const char *name, int rank, const size_t *shape)
{
    const struct safetensors_tensor *t = safetensors_find(c->file, name);
    if (!t)
        return err_set(c->e, ERR_UNAVAILABLE, "The checkpoint has no tensor %s.", name);
    if (t->rank != rank || memcmp(t->shape, shape, (size_t)rank * sizeof *shape) != 0) {
        char is[100], wanted[100];
        shape_text(is, sizeof is, t->rank, t->shape);
        shape_text(wanted, sizeof wanted, rank, shape);
        return err_set(c->e, ERR_UNAVAILABLE, "The checkpoint's tensor %s has the shape %s instead of %s.", name, is,
                       wanted);
    }
    c->expected[t - c->file->tensors] = true;
    if (!c->finite && !finite(t->values, t->elements))
        return err_set(c->e, ERR_UNAVAILABLE, "The checkpoint's tensor %s holds a value that is not finite.", name);
    return ERR_OK;
}

/* `prefix`.weight of the given shape and `prefix`.bias of its first dimension. */
static enum err_code expect_layer(struct check *c, const char *prefix, int rank, const size_t *shape)
{
    char name[80];
    snprintf(name, sizeof name, "%s.weight", prefix);
    enum err_code code = expect(c, name, rank, shape);
    if (code)
        return code;
    snprintf(name, sizeof name, "%s.bias", prefix);
    return expect(c, name, 1, shape);
}

static enum err_code expect_separable(struct check *c, const char *prefix, size_t dim)
{
    char name[64];
    snprintf(name, sizeof name, "%s.dw", prefix);
    enum err_code code = expect_layer(c, name, 4, (size_t[]){ dim, 1, 3, 3 });
    if (code)
        return code;
    snprintf(name, sizeof name, "%s.pw", prefix);
    return expect_layer(c, name, 2, (size_t[]){ dim, dim });
}

static enum err_code expect_encoder(struct check *c, size_t dim)
{
    enum err_code code = expect_layer(c, "enc1.conv", 4, (size_t[]){ dim, 1, 3, 3 });
    for (int n = 1; n <= 5 && !code; n++) {
        char prefix[32];
        snprintf(prefix, sizeof prefix, "enc%d.down", n);
        if (n > 1)
            code = expect_separable(c, prefix, dim);
        snprintf(prefix, sizeof prefix, "enc%d.block", n);
        if (!code)
            code = expect_separable(c, prefix, dim);
    }
    return code;
}

static enum err_code expect_attention(struct check *c, int layer, size_t dim, size_t mlp)
{
    static const char *const part[] = { "pos", "ln1", "qkv", "proj", "ln2", "mlp1", "mlp2" };
    const int rank[] = { 4, 1, 2, 2, 1, 2, 2 };
    const size_t shape[][4] = { { dim, 1, 3, 3 }, { dim },      { 3 * dim, dim }, { dim, dim },
                                { dim },          { mlp, dim }, { dim, mlp } };
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < sizeof part / sizeof *part && !code; i++) {
        char prefix[32];
        snprintf(prefix, sizeof prefix, "attn%d.%s", layer, part[i]);
        code = expect_layer(c, prefix, rank[i], shape[i]);
    }
    return code;
}

static enum err_code expect_decoder(struct check *c, const struct curvenet_info *info)
{
    size_t dim = (size_t)info->dim, classes = (size_t)info->classes;
    int blocks = info->head == HEAD_FULL ? 5 : 4;
    enum err_code code = ERR_OK;
    for (int n = 1; n <= blocks && !code; n++) {
        char prefix[32];
        snprintf(prefix, sizeof prefix, "dec%d.block", n);
        code = expect_separable(c, prefix, dim);
    }
    if (!code)
        code = expect_layer(c, "head", 2, (size_t[]){ info->head == HEAD_FULL ? classes : classes * 4, dim });
    return code;
}

static enum err_code expect_corrector(struct check *c, const int hidden[2])
{
    size_t first = (size_t)hidden[0], second = (size_t)hidden[1];
    enum err_code code = expect_layer(c, "corrector1", 2, (size_t[]){ first, CORRECTOR_INPUTS });
    if (!code)
        code = expect_layer(c, "corrector2", 2, (size_t[]){ second, first });
    return code ? code : expect_layer(c, "corrector3", 2, (size_t[]){ 1, second });
}

static enum err_code check_tensors(const struct checkpoint *cp, bool finite, struct err *e)
{
    const struct curvenet_info *info = &cp->info;
    struct check c = { .file = &cp->file, .finite = finite, .e = e };
    c.expected = calloc(cp->file.count ? cp->file.count : 1, sizeof *c.expected);
    if (!c.expected)
        return err_memory(e, "checking the checkpoint");
    enum err_code code = expect_encoder(&c, (size_t)info->dim);
    for (int i = 1; i <= info->attention_layers && !code; i++)
        code = expect_attention(&c, i, (size_t)info->dim, (size_t)info->mlp);
    if (!code)
        code = expect_decoder(&c, info);
    if (!code && info->corrector[0] > 0)
        code = expect_corrector(&c, info->corrector);
    for (size_t i = 0; i < cp->file.count && !code; i++)
        if (!c.expected[i])
            code = err_set(e, ERR_UNAVAILABLE, "The checkpoint's tensor %.80s is not one of this network's.",
                           cp->file.tensors[i].name);
    free(c.expected);
    return code;
}

/* What is seen of the values while they are read. */
struct digest {
    EVP_MD_CTX *ctx;
    bool ok;
    atomic_bool finite;
};

static void digest_piece(void *ctx, const unsigned char *bytes, size_t size)
{
    struct digest *d = ctx;
    d->ok = d->ok && EVP_DigestUpdate(d->ctx, bytes, size) == 1;
}

static void check_piece(void *ctx, const unsigned char *bytes, size_t size)
{
    struct digest *d = ctx;
    if (!finite((const float *)(const void *)bytes, size / sizeof(float)))
        atomic_store(&d->finite, false);
}

static enum err_code check_digest(struct digest *d, const char *wanted, struct err *e)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    char text[2 * EVP_MAX_MD_SIZE + 1] = "";
    unsigned size = 0;
    if (!d->ok || EVP_DigestFinal_ex(d->ctx, sum, &size) != 1)
        return err_set(e, ERR_UNAVAILABLE, "The checkpoint's checksum could not be computed.");
    for (unsigned i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", sum[i]);
    if (strcmp(text, wanted) != 0)
        return err_set(e, ERR_UNAVAILABLE, "The checkpoint's checksum is %.16s... where its metadata say %.16s...: the "
                       "file is damaged.", text, wanted);
    return ERR_OK;
}

enum err_code checkpoint_read(struct checkpoint *cp, const char *path, int threads, struct err *e)
{
    memset(cp, 0, sizeof *cp);
    struct digest digest = { .ctx = EVP_MD_CTX_new(), .finite = true };
    const struct pread_work work = { .each = check_piece, .in_order = digest_piece, .ctx = &digest };
    if (!digest.ctx)
        return err_memory(e, "the checkpoint's checksum");
    digest.ok = EVP_DigestInit_ex(digest.ctx, EVP_sha256(), NULL) == 1;
    enum err_code code = safetensors_read(&cp->file, path, threads, &work, e);
    if (!code)
        code = metadata_parse(&cp->info, &cp->file, e);
    if (!code)
        code = check_tensors(cp, atomic_load(&digest.finite), e);
    if (!code)
        code = check_digest(&digest, cp->info.sha256, e);
    EVP_MD_CTX_free(digest.ctx);
    if (code)
        checkpoint_free(cp);
    return code;
}

void checkpoint_free(struct checkpoint *cp)
{
    safetensors_free(&cp->file);
    memset(cp, 0, sizeof *cp);
}

const float *checkpoint_values(const struct checkpoint *cp, const char *name_format, ...)
{
    char name[80];
    va_list args;
    va_start(args, name_format);
    vsnprintf(name, sizeof name, name_format, args);
    va_end(args);
    return safetensors_find(&cp->file, name)->values;
}
